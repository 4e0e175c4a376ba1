import { Hono } from "hono";
import { publishCatalog } from "../../catalog/publish-catalog.ts";
import type { Deps } from "../../deps.ts";
import { isoTime } from "../../domain/window.ts";
import { latestCatalog } from "../../ledger/catalog-versions.ts";
import type { CatalogVersion } from "../../rating/catalog.ts";
import { requireScope } from "../auth.ts";
import { readJson } from "../body.ts";
import { ApiProblem } from "../problem.ts";

/** `/v1/catalog`: meters and plans, published whole in immutable versions. */
export function catalogRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/catalog", requireScope(deps.keys, "read"), async (context) => {
    const latest = await latestCatalog(deps.database);
    if (latest === undefined) {
      throw new ApiProblem("not_found", "no catalog is published yet: PUT /v1/catalog");
    }
    context.header("etag", etag(latest.version));
    return context.json(latest.catalog);
  });

  routes.put("/v1/catalog", requireScope(deps.keys, "admin"), async (context) => {
    const expected = readIfMatch(context.req.header("if-match"));
    const published = await publishCatalog(deps, await readJson(context), expected, "admin", deps.now());
    if (published.outcome === "invalid") {
      throw new ApiProblem("invalid_content", "the catalog is not valid; nothing was published", {
        errors: published.faults,
      });
    }
    if (published.outcome === "outdated") {
      throw new ApiProblem(
        "precondition_failed",
        `version ${published.version} is in force: read it, then put again`,
      );
    }
    context.header("etag", etag(published.version.version));
    return context.json(versionDocument(published.version), published.isFirst ? 201 : 200);
  });

  return routes;
}

function versionDocument({ version, publishedAtMs, catalog }: CatalogVersion): object {
  return { version, publishedAt: isoTime(publishedAtMs), catalog };
}

function etag(version: number): string {
  return `"${version}"`;
}

function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === "*") {
    return undefined;
  }
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(header)?.[1];
  if (version === undefined) {
    throw new ApiProblem("invalid_request", 'If-Match: the ETag of GET /v1/catalog, e.g. "3"');
  }
  return Number(version);
}
