import { Hono } from "hono";
import { publishCatalog } from "../../catalog/publish-catalog.ts";
import type { Deps } from "../../deps.ts";
import { latestCatalog } from "../../ledger/catalog-versions.ts";
import { requireScope } from "../auth.ts";
import { readJson } from "../body.ts";
import { readIfMatch } from "../etag.ts";
import { ApiProblem } from "../problem.ts";
import { answerPublication, answerTagged, PUBLISHED_BY, readTerms } from "./catalog-publication.ts";

/** `/v1/catalog`: meters and plans, published whole in immutable versions. */
export function catalogRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/catalog", requireScope(deps.keys, "read"), async (context) => {
    const latest = await latestCatalog(deps.database);
    if (latest === undefined) {
      throw new ApiProblem("not_found", "no catalog is published yet: PUT /v1/catalog");
    }
    return answerTagged(context, latest.version, latest.catalog);
  });

  routes.put("/v1/catalog", requireScope(deps.keys, "admin"), async (context) => {
    const expected = readIfMatch(context.req.header("if-match"));
    const { document, terms } = readTerms(context.req.url, await readJson(context));
    const published = await publishCatalog(deps, document, expected, PUBLISHED_BY, deps.now(), terms);
    const isFirst = published.outcome === "published" && published.isFirst;
    return answerPublication(context, published, isFirst ? 201 : 200);
  });

  return routes;
}
