import * as z from "zod";
import type { EmailMessage } from "./notifications/email-message.ts";

/** A whole number given as text, as Worker vars are. */
function integer(min: number, max: number): z.ZodPipe<z.ZodCoercedNumber, z.ZodInt> {
  return z.coerce.number().pipe(z.int().min(min).max(max));
}

const secret = z.string().min(8);

/** Cloudflare's `send_email` binding. */
export interface EmailBinding {
  send: (message: EmailMessage) => Promise<unknown>;
}

/** Cloudflare's rate limiting binding. */
export interface RateLimitBinding {
  limit: (asked: { key: string }) => Promise<{ success: boolean }>;
}

function isBinding(value: unknown): boolean {
  // A binding is a stub: it cannot be asked what it has.
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

const flag = z.enum(["true", "false"]).default("false");

const ORIGIN = /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/;
const MAX_ORIGINS = 20;

/** Origins separated by commas, such as `https://portal.example.com`; none is `*`. */
const originList = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
  )
  .pipe(z.array(z.string().regex(ORIGIN)).max(MAX_ORIGINS));

const bindings = z.object({
  UPSTASH_REDIS_REST_URL: z.url(),
  UPSTASH_REDIS_REST_TOKEN: secret,
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// address"),
  STRIPE_SECRET_KEY: secret,
  // Without it Stripe's events are refused, and all else works.
  STRIPE_WEBHOOK_SECRET: secret.optional(),
  ADMIN_KEY: secret,
  // Keys from before there was /v1/api-keys.
  INGEST_KEY: secret.optional(),
  READ_KEY: secret.optional(),
  LATE_EVENT_HOURS: integer(1, 24).default(24),
  INVOICE_GRACE_HOURS: integer(1, 24 * 14).optional(),
  INVOICE_MODE: z.enum(["auto", "review"]).default("review"),
  SEND_ZERO_INVOICES: z.enum(["true", "false"]).default("false"),
  FLUSH_MAX_BUCKETS: integer(16, 100_000).default(5000),
  RETENTION_MONTHS: integer(1, 120).default(13),
  REQUIRE_KNOWN_CUSTOMERS: flag,
  // Only customer tokens and webhook endpoints need it.
  TOKEN_SECRET: z.string().min(16).optional(),
  // The one before, while what was signed with it is still good.
  TOKEN_SECRET_PREVIOUS: z.string().min(16).optional(),
  ALLOW_PRIVATE_WEBHOOKS: flag,
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  EMAIL: z.custom<EmailBinding>(isBinding).optional(),
  EMAIL_FROM: z.email().optional(),
  RATE_LIMITER: z.custom<RateLimitBinding>(isBinding).optional(),
  // What the binding is set to: it does not tell.
  RATE_LIMIT: integer(1, 1_000_000_000).default(6000),
  RATE_LIMIT_SECONDS: integer(10, 60).default(60),
  CORS_ORIGINS: originList.default([]),
  // Where local endpoints stand in for Neon and Stripe.
  NEON_FETCH_ENDPOINT: z.url().optional(),
  STRIPE_API_URL: z.url().optional(),
});

const envSchema = bindings.refine(
  ({ EMAIL, EMAIL_FROM }) => EMAIL === undefined || EMAIL_FROM !== undefined,
  {
    path: ["EMAIL_FROM"],
  },
);

export type Settings = z.infer<typeof envSchema>;

/** The Worker's settings are missing or wrong. Names only: values may be secrets. */
export class Misconfigured extends Error {
  override readonly name = "Misconfigured";
}

/** Reads bindings and secrets; throws {@link Misconfigured} with the names of all that are wrong. */
export function parseEnv(env: unknown): Settings {
  const parsed = envSchema.safeParse(env);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))];
    throw new Misconfigured(`set these vars or secrets rightly: ${names.join(", ")}`);
  }
  return parsed.data;
}
