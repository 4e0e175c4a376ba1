import * as z from "zod";
import { SCOPES } from "../../domain/access.ts";
import { named } from "../named.ts";
import { moment, pageOf } from "./values.ts";

const key = {
  id: z.string(),
  prefix: z.string().describe("What its text begins with."),
  scope: z.enum(SCOPES),
  name: z.string(),
  createdAt: moment,
  createdBy: z.string(),
  expiresAt: moment.nullable(),
  lastUsedAt: moment.nullable().describe("To the hour."),
  revokedAt: moment.nullable(),
};

/** A key, without its text. */
export const apiKey = named("ApiKey", z.object(key));
export const apiKeyPage = pageOf("ApiKeyPage", apiKey);

/** A key that was just made. */
export const newApiKey = named(
  "NewApiKey",
  z.object({ ...key, key: z.string().describe("Its text: shown now and never again.") }),
);

/** A customer token. */
export const customerToken = named(
  "CustomerToken",
  z.object({ token: z.string().describe("A JWT, to be sent as a bearer."), expiresAt: moment }),
);
