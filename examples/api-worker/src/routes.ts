import { Hono } from "hono";
import type { Product } from "./product.ts";

const MAX_BATCH = 100;

/** The product itself: SHA-256 as a service. A batch counts one API call for each text in it. */
export const routes = new Hono<Product>()
  .get("/hash/:text", async (c) => c.json({ sha256: await sha256(c.req.param("text")) }))
  .post("/hash/batch", async (c) => {
    const texts: unknown = await c.req.json().catch(() => null);
    if (!isBatch(texts)) {
      return c.json({ error: `send a JSON array of 1 to ${MAX_BATCH} strings` }, 400);
    }
    c.set("units", texts.length);
    return c.json({ sha256: await Promise.all(texts.map(sha256)) });
  });

function isBatch(body: unknown): body is string[] {
  return (
    Array.isArray(body) &&
    body.length > 0 &&
    body.length <= MAX_BATCH &&
    body.every((text) => typeof text === "string")
  );
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
