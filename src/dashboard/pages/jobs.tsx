import type { Hono } from "hono";
import { isoTime } from "../../domain/window.ts";
import { page, readPage } from "../../http/pagination.ts";
import { ApiProblem } from "../../http/problem.ts";
import { listJobRuns, type JobRun } from "../../ledger/job-runs.ts";
import { Empty } from "../card.tsx";
import { CSV_PAGE, csvResponse, everyPage, printed } from "../csv-download.ts";
import { Choice } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { Moment } from "../moment.tsx";
import { grouped, worded } from "../printed.ts";
import { respond } from "../respond.ts";
import { Pager, Table } from "../table.tsx";
import type { DashboardEnv, View } from "../view.ts";

const PAGE = 50;
const JOBS = ["minute", "hourly", "integrity"] as const;
/** Of an outcome that is shown whole. */
const MAX_OUTCOME = 1200;

interface Listing {
  job: string;
  runs: JobRun[];
  next: string | null;
  isFirst: boolean;
}

/** `/jobs`: what scheduled work did. */
export function addJobs(app: Hono<DashboardEnv>): void {
  app.get("/jobs", async (context) => {
    const view = context.get("view");
    const listing = await readListing(view, context.req.query(), PAGE);
    return respond(context, <JobsPage view={view} listing={listing} />);
  });

  app.get("/jobs/csv", async (context) => {
    const { items: runs, isCut } = await everyPage(async (cursor) => {
      const asked = { ...context.req.query(), cursor };
      const listing = await readListing(context.get("view"), asked, CSV_PAGE);
      return { items: listing.runs, next: listing.next };
    });
    const rows = runs.map((run) => [
      printed(run.job),
      printed(isoTime(run.scheduledMs)),
      printed(isoTime(run.startedMs)),
      printed(isoTime(run.finishedMs)),
      JSON.stringify(run.outcome),
    ]);
    return csvResponse("job-runs", ["job", "scheduledAt", "startedAt", "finishedAt", "outcome"], rows, isCut);
  });
}

async function readListing(
  { deps }: View,
  query: Record<string, string | undefined>,
  limit: number,
): Promise<Listing> {
  const job = JOBS.find((known) => known === query["job"]);
  const { after } = readPage({ cursor: query["cursor"] });
  if (after !== undefined && !/^\d{1,18}$/.test(after.id)) {
    throw new ApiProblem("invalid_cursor", "Take the address from the page before.");
  }
  const found = await listJobRuns(deps.database, job, limit + 1, after);
  const { data, nextCursor } = page(
    found,
    limit,
    ({ startedMs, runId }) => ({ timeMs: startedMs, id: runId }),
    (run) => run,
  );
  return { job: job ?? "", runs: data, next: nextCursor, isFirst: after === undefined };
}

function JobsPage({ view, listing }: { view: View; listing: Listing }) {
  const { job, runs, next, isFirst } = listing;
  return (
    <Page view={view} title="Job runs" room="/jobs">
      <Head title="Job runs" sub="Ticks that found nothing to do leave no run.">
        <a class="button quiet" href={`/jobs/csv?job=${job}`}>
          CSV
        </a>
      </Head>
      <form class="filters" method="get" action="/jobs" role="search">
        <Choice
          name="job"
          label="Job"
          value={job}
          isAuto
          options={[["", "All"], ...JOBS.map((name) => [name, worded(name)] as const)]}
        />
        <button class="quiet" type="submit">
          Show
        </button>
      </form>
      <section class="card" aria-label="Job runs">
        {runs.length === 0 ? (
          <Empty title="No runs yet">The first tick with something to do leaves one.</Empty>
        ) : (
          <RunTable runs={runs} />
        )}
        <Pager
          first={isFirst ? undefined : `/jobs?job=${job}`}
          next={next === null ? undefined : `/jobs?job=${job}&cursor=${next}`}
        />
      </section>
    </Page>
  );
}

function RunTable({ runs }: { runs: readonly JobRun[] }) {
  return (
    <Table
      label="Job runs"
      rows={runs}
      columns={[
        { name: "Job", cell: ({ job }) => worded(job) },
        { name: "Started", cell: ({ startedMs }) => <Moment at={isoTime(startedMs)} /> },
        { name: "State", cell: (run) => <RunState run={run} /> },
        { name: "Outcome", cell: ({ outcome }) => <Outcome outcome={outcome} /> },
        {
          name: "Took",
          isNumber: true,
          cell: ({ startedMs, finishedMs }) => `${grouped(String(finishedMs - startedMs))} ms`,
        },
      ]}
    />
  );
}

function RunState({ run: { outcome } }: { run: JobRun }) {
  const failed = (outcome as { failed?: unknown }).failed;
  return Array.isArray(failed) ? (
    <span class="tag bad">failed: {failed.map(String).join(", ")}</span>
  ) : (
    <span class="tag good">done</span>
  );
}

function Outcome({ outcome }: { outcome: object }) {
  const text = JSON.stringify(outcome, null, 1);
  return (
    <details>
      <summary>{Object.keys(outcome).slice(0, 4).join(", ")}</summary>
      <pre tabindex={0}>{text.length > MAX_OUTCOME ? `${text.slice(0, MAX_OUTCOME)}…` : text}</pre>
    </details>
  );
}
