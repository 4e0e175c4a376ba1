import { Hono, type Context } from "hono";
import { html, raw } from "hono/html";
import { EVENT_PROBLEMS, PROBLEMS } from "../problem-catalogue.ts";
import { ApiProblem } from "../problem.ts";

type Html = ReturnType<typeof html>;

/** What a page tells of one code; without a status it is told of one event of a call. */
interface Told {
  code: string;
  status: number | undefined;
  title: string;
  meaning: string;
  remedy: string;
}

const REQUESTS: Told[] = Object.entries(PROBLEMS).map(([code, [status, title, meaning, remedy]]) => ({
  code,
  status,
  title,
  meaning,
  remedy,
}));
const EVENTS: Told[] = Object.entries(EVENT_PROBLEMS).map(([code, [title, meaning, remedy]]) => ({
  code,
  status: undefined,
  title,
  meaning,
  remedy,
}));

const STYLE = `:root{color-scheme:light dark}body{font:1rem/1.55 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}
code{font:.95em ui-monospace,monospace}dt{margin-top:.8rem}dd{margin:0}h1{line-height:1.25}`;
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/docs/problems`: what each problem's `type` points to, readable without a key. */
export function problemPageRoutes(): Hono {
  const routes = new Hono();

  routes.get("/docs/problems", (context) =>
    answer(
      context,
      "Problems",
      html`<h1>Problems</h1>
        <p>
          What is not answered as asked is answered as <code>application/problem+json</code> (RFC 9457). Its
          <code>code</code> is stable, its <code>type</code> points to one of these pages, and its
          <code>requestId</code> is in the log.
        </p>
        ${list(REQUESTS)}
        <h2>Of single events</h2>
        <p>
          In <code>results</code> of <code>POST /v1/events</code>, in the order sent; one bad event does not
          hurt the others.
        </p>
        ${list(EVENTS)}`,
    ),
  );

  routes.get("/docs/problems/:code", (context) => {
    const code = context.req.param("code");
    const told = [...REQUESTS, ...EVENTS].find((known) => known.code === code);
    if (told === undefined) {
      throw new ApiProblem("not_found", "there is no problem of that code: /docs/problems lists them");
    }
    return answer(
      context,
      told.title,
      html`<p><a href="/docs/problems">Problems</a></p>
        <h1>${told.title}</h1>
        <p>
          <code>${told.code}</code>,
          ${told.status === undefined ? "of one event in results" : `HTTP status ${told.status}`}
        </p>
        <h2>What it means</h2>
        <p>${marked(told.meaning)}</p>
        <h2>What to do</h2>
        <p>${marked(told.remedy)}</p>`,
    );
  });

  return routes;
}

function list(told: readonly Told[]): Html {
  const items = told.map(
    ({ code, status, title }) =>
      html`<dt>
          <a href="/docs/problems/${code}"><code>${code}</code></a
          >${status === undefined ? "" : ` ${status}`}
        </dt>
        <dd>${title}</dd>`,
  );
  return html`<dl>${items}</dl>`;
}

/** What stands in backticks is code. */
function marked(text: string): Html[] {
  return text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function answer(context: Context, title: string, body: Html): Response | Promise<Response> {
  context.header("content-security-policy", POLICY);
  context.header("cache-control", "public, max-age=3600");
  return context.html(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <title>${title} · edgemeter</title>
          <style>
            ${raw(STYLE)}
          </style>
        </head>
        <body>
          ${body}
        </body>
      </html>`,
  );
}
