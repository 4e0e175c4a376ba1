import { Hono, type Context } from "hono";
import * as z from "zod";
import { publishCatalog } from "../../catalog/publish-catalog.ts";
import { MAX_FAULTS } from "../../catalog/read-catalog.ts";
import type { Deps } from "../../deps.ts";
import { getCatalogVersion, listCatalogVersions } from "../../ledger/catalog-versions.ts";
import { diffCatalogs } from "../../rating/catalog-diff.ts";
import type { PublishedVersion, VersionSummary } from "../../rating/catalog-version.ts";
import { requireScope } from "../auth.ts";
import { readOptionalJson } from "../body.ts";
import { readIfMatch } from "../etag.ts";
import { page, pageQuerySchema, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";
import {
  answerPublication,
  answerTagged,
  diffDocument,
  PUBLISHED_BY,
  readTerms,
  summaryDocument,
  versionDocument,
} from "./catalog-publication.ts";

const NUMBER = /^[1-9]\d{0,8}$/;
/** What the first version is compared with, under the number 0. */
const NOTHING = { meters: [], plans: [] };

/** The address of a diff: the version that it is compared with; the one before when left out. */
export const againstQuerySchema = z.strictObject({
  against: z
    .string()
    .regex(/^(0|[1-9]\d{0,8})$/, "must be the number of a version; 0 is nothing at all")
    .transform(Number)
    .optional(),
});

/** `/v1/catalog/versions`: what was published, when, why and by whom, and how it differs. */
export function catalogVersionRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/catalog/versions", requireScope(deps.keys, "read"), async (context) => {
    const { limit, after } = readPage(readQuery(context.req.url, pageQuerySchema).parameters);
    if (after !== undefined && !NUMBER.test(after.id)) {
      throw new ApiProblem("invalid_cursor", "take the cursor from nextCursor of the page before");
    }
    const versions = await listCatalogVersions(deps.database, limit + 1, after && Number(after.id));
    return context.json(page(versions, limit, position, summaryDocument));
  });

  routes.get("/v1/catalog/versions/:version", requireScope(deps.keys, "read"), async (context) => {
    const version = await readVersion(deps, askedVersion(context));
    return answerTagged(context, version.version, versionDocument(version));
  });

  routes.get("/v1/catalog/versions/:version/diff", requireScope(deps.keys, "read"), async (context) => {
    const asked = askedVersion(context);
    const against = readQuery(context.req.url, againstQuerySchema).parameters.against ?? asked - 1;
    const [after, before] = await Promise.all([
      readVersion(deps, asked),
      against === 0 ? { catalog: NOTHING } : readVersion(deps, against),
    ]);
    const diff = diffCatalogs(before.catalog, after.catalog);
    return context.json({ version: asked, against, ...diffDocument(diff) });
  });

  routes.post("/v1/catalog/versions/:version/publish", requireScope(deps.keys, "admin"), async (context) => {
    const asked = askedVersion(context);
    const expected = readIfMatch(context.req.header("if-match"));
    const { document, terms } = readTerms(context.req.url, await readOptionalJson(context));
    checkHasTermsOnly(document);
    const { catalog } = await readVersion(deps, asked);
    const published = await publishCatalog(deps, catalog, expected, PUBLISHED_BY, deps.now(), terms);
    if (published.outcome === "published") {
      context.header("location", `/v1/catalog/versions/${published.version.version}`);
    }
    return answerPublication(context, published, 201);
  });

  return routes;
}

function askedVersion(context: Context): number {
  const version = context.req.param("version") ?? "";
  if (!NUMBER.test(version)) {
    throw new ApiProblem("not_found", "versions are numbered from 1: GET /v1/catalog/versions");
  }
  return Number(version);
}

async function readVersion(deps: Deps, number: number): Promise<PublishedVersion> {
  const version = await getCatalogVersion(deps.database, number);
  if (version === undefined) {
    throw new ApiProblem("not_found", `there is no version ${number}: GET /v1/catalog/versions`);
  }
  return version;
}

function checkHasTermsOnly(document: unknown): void {
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  const surplus = isObject ? Object.keys(document).slice(0, MAX_FAULTS) : [""];
  if (surplus.length > 0) {
    throw new ApiProblem("invalid_content", "the terms are not valid; nothing was published", {
      errors: surplus.map((path) => ({ path, message: "send nothing but effective and reason" })),
    });
  }
}

function position({ version, publishedAtMs }: VersionSummary): Position {
  return { timeMs: publishedAtMs, id: String(version) };
}
