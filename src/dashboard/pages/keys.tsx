import type { Hono } from "hono";
import { SCOPES } from "../../domain/access.ts";
import { isoTime } from "../../domain/window.ts";
import { page, readPage } from "../../http/pagination.ts";
import { listApiKeys, type ListedApiKey } from "../../ledger/api-keys.ts";
import { apiProblem, type Problem } from "../api-calls.ts";
import { Card, Empty } from "../card.tsx";
import { CSV_PAGE, csvResponse, everyPage, printed } from "../csv-download.ts";
import { Choice, Field, Form } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { Moment } from "../moment.tsx";
import { DoneNotice, Notice, ProblemNotice } from "../notice.tsx";
import { refusedStatus, respond } from "../respond.ts";
import { SecretNotice } from "../secret-notice.tsx";
import { Pager, Table } from "../table.tsx";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

const PAGE = 100;

/** `/keys`: keys beside those that are Worker secrets; for admins alone, as in the API. */
export function addKeys(app: Hono<DashboardEnv>): void {
  app.get("/keys", (context) => show(context, {}));
  app.get("/keys/csv", async (context) => {
    const { items, isCut } = await everyPage(async (cursor) => {
      const { keys, next } = await readListing(context.get("view"), cursor, CSV_PAGE);
      return { items: keys, next };
    });
    const rows = items.map((key) => [
      printed(key.keyId),
      key.name,
      printed(key.scope),
      printed(isoTime(key.createdMs)),
      printed(key.expiresMs === null ? null : isoTime(key.expiresMs)),
      printed(key.lastUsedMs === null ? null : isoTime(key.lastUsedMs)),
      printed(key.revokedMs === null ? null : isoTime(key.revokedMs)),
    ]);
    const head = ["id", "name", "scope", "createdAt", "expiresAt", "lastUsedAt", "revokedAt"];
    return csvResponse("api-keys", head, rows, isCut);
  });
  app.post("/keys", async (context) => {
    const { name, scope, expires } = await context.req.parseBody();
    const at = typeof expires === "string" && expires !== "" ? { expiresAt: `${expires}T00:00:00Z` } : {};
    const { api } = context.get("view");
    const { body, problem, status } = await api("POST", "/v1/api-keys", { name, scope, ...at });
    return problem === undefined
      ? show(context, { secret: String(body["key"]) })
      : show(context, { problem }, status);
  });
  app.post("/keys/:id/revoke", async (context) => {
    const path = `/v1/api-keys/${encodeURIComponent(context.req.param("id"))}`;
    const { problem } = await context.get("view").api("DELETE", path);
    if (problem !== undefined) {
      throw apiProblem(problem);
    }
    return context.redirect("/keys?done=revoked", 303);
  });
}

interface Listing {
  keys: ListedApiKey[];
  next: string | null;
  isFirst: boolean;
}

async function readListing(
  { deps, session }: View,
  cursor: string | undefined,
  limit: number,
): Promise<Listing> {
  const { after } = readPage({ cursor });
  const found = session.scope === "admin" ? await listApiKeys(deps.database, limit + 1, after) : [];
  const { data, nextCursor } = page(
    found,
    limit,
    ({ createdMs, keyId }) => ({ timeMs: createdMs, id: keyId }),
    (key) => key,
  );
  return { keys: data, next: nextCursor, isFirst: after === undefined };
}

interface Told {
  secret?: string;
  problem?: Problem;
}

async function show(context: DashboardContext, outcome: Told, status = 200): Promise<Response> {
  const view = context.get("view");
  const listing = await readListing(view, context.req.query("cursor"), PAGE);
  const shown = <KeysPage view={view} listing={listing} outcome={outcome} done={context.req.query("done")} />;
  return respond(context, shown, status === 200 ? 200 : refusedStatus(status));
}

interface KeysProps {
  view: View;
  listing: Listing;
  outcome: Told;
  done: string | undefined;
}

function KeysPage({ view, listing, outcome, done }: KeysProps) {
  const { keys, next, isFirst } = listing;
  const isAdmin = view.session.scope === "admin";
  return (
    <Page view={view} title="Keys" room="/keys">
      <Head title="Keys" sub="Beside those that are secrets of the Worker.">
        {isAdmin && (
          <a class="button quiet" href="/keys/csv">
            CSV
          </a>
        )}
      </Head>
      <DoneNotice done={done} />
      <ProblemNotice problem={outcome.problem} />
      <SecretNotice what="key" secret={outcome.secret} />
      {isAdmin ? (
        <div class="grid">
          <Card title="Keys">
            {keys.length === 0 ? (
              <Empty title="No keys yet">The Worker's own secrets are in use.</Empty>
            ) : (
              <KeyTable view={view} keys={keys} />
            )}
            <Pager
              first={isFirst ? undefined : "/keys"}
              next={next === null ? undefined : `/keys?cursor=${next}`}
            />
          </Card>
          <Card title="New key">
            <NewKey view={view} />
          </Card>
        </div>
      ) : (
        <Notice tone="info">Keys are shown to admin keys only.</Notice>
      )}
    </Page>
  );
}

function KeyTable({ view, keys }: { view: View; keys: readonly ListedApiKey[] }) {
  return (
    <Table
      label="Keys"
      rows={keys}
      columns={[
        {
          name: "Key",
          cell: ({ name, prefix }) => (
            <>
              {name} <div class="minor">{prefix}…</div>
            </>
          ),
        },
        { name: "Scope", cell: ({ scope }) => <span class="tag">{scope}</span> },
        { name: "Made", cell: ({ createdMs }) => <Moment at={isoTime(createdMs)} /> },
        { name: "Last used", cell: ({ lastUsedMs }) => timeOr(lastUsedMs, "never") },
        { name: "Ends", cell: ({ expiresMs }) => timeOr(expiresMs, "never") },
        {
          name: "",
          cell: ({ keyId, name, revokedMs }) =>
            revokedMs === null ? (
              <Form
                view={view}
                action={`/keys/${keyId}/revoke`}
                confirm={`Revoke ${name}? What uses it is refused from then on.`}
                yes="Revoke the key"
              >
                <button class="quiet small" type="submit">
                  Revoke
                </button>
              </Form>
            ) : (
              <span class="tag bad">revoked</span>
            ),
        },
      ]}
    />
  );
}

function timeOr(timeMs: number | null, otherwise: string) {
  return timeMs === null ? <span class="minor">{otherwise}</span> : <Moment at={isoTime(timeMs)} />;
}

function NewKey({ view }: { view: View }) {
  return (
    <Form view={view} action="/keys">
      <div class="fields">
        <Field name="name" label="Name" hint="What it is for" required />
        <Choice name="scope" label="Scope" value="read" options={SCOPES.map((scope) => [scope, scope])} />
        <Field name="expires" label="Ends on" hint="A day of UTC; empty: never" type="date" />
        <div>
          <button type="submit">Make a key</button>
        </div>
      </div>
    </Form>
  );
}
