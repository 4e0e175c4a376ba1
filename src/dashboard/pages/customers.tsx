import type { Hono } from "hono";
import type { Customer } from "../../domain/customer.ts";
import { isStorableText } from "../../domain/text.ts";
import { isoTime } from "../../domain/window.ts";
import { page, readPage } from "../../http/pagination.ts";
import { customersById, customersByName, searchCustomers } from "../../ledger/customer-search.ts";
import { listCustomers } from "../../ledger/customers.ts";
import { Empty } from "../card.tsx";
import { CSV_PAGE, csvResponse, everyPage, printed } from "../csv-download.ts";
import { Choice } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { Moment } from "../moment.tsx";
import { DoneNotice } from "../notice.tsx";
import { respond } from "../respond.ts";
import { Pager, Table } from "../table.tsx";
import type { DashboardEnv, View } from "../view.ts";

const PAGE = 50;
const MAX_SEARCH = 256;
const SORTS = ["newest", "name", "id"] as const;
type Sort = (typeof SORTS)[number];

interface Listing {
  sort: Sort;
  search: string;
  customers: Customer[];
  next: string | null;
  isFirst: boolean;
}

/** `/customers`: search, sort, page by page. */
export function addCustomers(app: Hono<DashboardEnv>): void {
  app.get("/customers", async (context) => {
    const view = context.get("view");
    const listing = await readListing(view, context.req.query(), PAGE);
    return respond(context, <CustomersPage view={view} listing={listing} done={context.req.query("done")} />);
  });

  app.get("/customers/-/csv", async (context) => {
    const { items: customers, isCut } = await everyPage(async (cursor) => {
      const asked = { ...context.req.query(), cursor };
      const listing = await readListing(context.get("view"), asked, CSV_PAGE);
      return { items: listing.customers, next: listing.next };
    });
    const head = ["id", "name", "plan", "budget", "email", "stripeCustomerId", "createdAt"];
    const rows = customers.map(({ customerId, settings, createdAtMs }) => [
      customerId,
      settings.name ?? "",
      settings.plan ?? "",
      printed(settings.budget ?? null),
      settings.email ?? "",
      settings.stripeCustomerId ?? "",
      printed(isoTime(createdAtMs)),
    ]);
    return csvResponse("customers", head, rows, isCut);
  });
}

async function readListing(
  { deps: { database } }: View,
  query: Record<string, string | undefined>,
  limit: number,
): Promise<Listing> {
  const sort = SORTS.find((known) => known === query["sort"]) ?? "newest";
  const given = (query["q"] ?? "").trim().slice(0, MAX_SEARCH);
  const search = isStorableText(given) ? given : "";
  if (search !== "") {
    const customers = await searchCustomers(database, search, limit);
    return { sort, search, customers, next: null, isFirst: true };
  }
  const { after } = readPage({ cursor: query["cursor"] });
  const more = limit + 1;
  const found =
    sort === "newest"
      ? await listCustomers(database, more, after)
      : sort === "id"
        ? await customersById(database, more, after?.id ?? "")
        : await customersByName(database, more, await nameOf(database, after?.id));
  const { data, nextCursor } = page(
    found,
    limit,
    ({ customerId, createdAtMs }) => ({ timeMs: createdAtMs, id: customerId }),
    (customer) => customer,
  );
  return { sort, search, customers: data, next: nextCursor, isFirst: after === undefined };
}

/** Where the page before ended: by the name that the customer has now. */
async function nameOf(
  database: View["deps"]["database"],
  id: string | undefined,
): Promise<{ name: string; id: string } | undefined> {
  if (id === undefined) {
    return undefined;
  }
  const { getCustomer } = await import("../../ledger/customers.ts");
  const customer = await getCustomer(database, id);
  return { name: customer?.settings.name ?? id, id };
}

function CustomersPage({ view, listing, done }: { view: View; listing: Listing; done: string | undefined }) {
  const { customers, search, sort, next, isFirst } = listing;
  const query = new URLSearchParams({ ...(search !== "" && { q: search }), sort }).toString();
  return (
    <Page view={view} title="Customers" room="/customers">
      <Head title="Customers">
        <a class="button quiet" href={`/customers/-/csv?${query}`}>
          CSV
        </a>
        {view.session.scope === "admin" && (
          <a class="button" href="/customers/-/new">
            New customer
          </a>
        )}
      </Head>
      <DoneNotice done={done} />
      <Search search={search} sort={sort} />
      <section class="card" aria-label="Customers">
        {customers.length === 0 ? (
          <Empty title={search === "" ? "No customers yet" : "No customer begins like that"}>
            {search === ""
              ? "They come with PUT /v1/customers/{id}, or with the button above."
              : "Names and ids are looked up by how they begin."}
          </Empty>
        ) : (
          <CustomerTable customers={customers} />
        )}
        <Pager
          first={isFirst ? undefined : `/customers?${query}`}
          next={next === null ? undefined : `/customers?${query}&cursor=${next}`}
        />
        {search !== "" && customers.length === PAGE && (
          <p class="minor">The first {PAGE} are shown: type more of the name.</p>
        )}
      </section>
    </Page>
  );
}

function CustomerTable({ customers }: { customers: readonly Customer[] }) {
  return (
    <Table
      label="Customers"
      rows={customers}
      columns={[
        {
          name: "Customer",
          cell: ({ customerId, settings }) => (
            <>
              <a href={`/customers/${encodeURIComponent(customerId)}`}>{settings.name ?? customerId}</a>
              {settings.name !== undefined && <div class="minor">{customerId}</div>}
            </>
          ),
        },
        { name: "Plan", cell: ({ settings }) => settings.plan ?? <span class="minor">default</span> },
        { name: "E-mail", cell: ({ settings }) => settings.email ?? "" },
        {
          name: "Stripe",
          cell: ({ settings }) =>
            settings.stripeCustomerId === undefined ? (
              <span class="tag warn">not linked</span>
            ) : (
              <span class="tag good">linked</span>
            ),
        },
        { name: "Budget", isNumber: true, cell: ({ settings }) => settings.budget ?? "" },
        { name: "Since", isNumber: true, cell: ({ createdAtMs }) => <Moment at={isoTime(createdAtMs)} /> },
      ]}
    />
  );
}

function Search({ search, sort }: { search: string; sort: Sort }) {
  return (
    <form class="filters" method="get" action="/customers" role="search">
      <label class="grow">
        Search
        <input name="q" type="search" value={search} placeholder="Beginning of a name or an id" />
      </label>
      <Choice
        name="sort"
        label="Sort by"
        value={sort}
        isAuto
        options={[
          ["newest", "Newest"],
          ["name", "Name"],
          ["id", "Id"],
        ]}
      />
      <button class="quiet" type="submit">
        Show
      </button>
    </form>
  );
}
