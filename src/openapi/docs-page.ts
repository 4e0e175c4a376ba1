import { html, raw } from "hono/html";
import { openApiDocument } from "./document.ts";

type Markup = ReturnType<typeof html>;

/** The members of the document that the page shows. */
interface ShownOperation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: object }[];
  requestBody?: { required?: boolean; content: ShownContent };
  responses: Record<string, { description: string; content?: ShownContent }>;
}
type ShownContent = Record<string, { schema?: object; example?: unknown }>;

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem;color:#1a1a1a;background:#fff}
code,pre{font:13px/1.45 ui-monospace,monospace}pre{background:#f4f4f5;padding:.6rem;overflow:auto;border-radius:4px}
details{border:1px solid #ddd;border-radius:4px;margin:.4rem 0;padding:.3rem .7rem}summary{cursor:pointer}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #eee;padding:.25rem .5rem;text-align:left;vertical-align:top}
.method{display:inline-block;min-width:4.2em;font-weight:700}a{color:#0a58ca}
@media(prefers-color-scheme:dark){body{background:#161618;color:#e8e8ea}pre{background:#232326}details{border-color:#3a3a3e}td,th{border-color:#2c2c30}a{color:#8ab4f8}}`;

/** The document as one page of HTML that asks for nothing else, from here or elsewhere. */
export function docsPage(): Markup {
  const { info, paths, tags, components } = openApiDocument();
  const operations = Object.entries(paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, ShownOperation>).map(
      ([method, operation]) => [path, method, operation] as const,
    ),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} API</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <h1>${info.title} API</h1>
        <p>${prose(info.description ?? "")}</p>
        <p>The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
        ${(tags ?? []).map(
          ({ name, description }) =>
            html`<h2 id="${name}">${name}</h2>
              <p>${prose(description ?? "")}</p>
              ${operations
                .filter(([, , operation]) => operation.tags.includes(name))
                .map(([path, method, operation]) => operationPart(path, method, operation))}`,
        )}
        <h2 id="schemas">Schemas</h2>
        ${Object.entries(components?.schemas ?? {}).map(
          ([name, schema]) =>
            html`<details id="schema-${name}">
              <summary><code>${name}</code></summary>
              ${schemaPart(schema)}
            </details>`,
        )}
      </body>
    </html>`;
}

function operationPart(path: string, method: string, operation: ShownOperation): Markup {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  return html`<details id="${operationId}">
    <summary><span class="method">${method.toUpperCase()}</span> <code>${path}</code> ${summary}</summary>
    ${description === undefined ? "" : html`<p>${prose(description)}</p>`}
    <p>${keysPart(operation)} <code>operationId</code>: <code>${operationId}</code>.</p>
    ${parameters === undefined ? "" : parametersPart(parameters)}
    ${
      requestBody === undefined
        ? ""
        : html`<h3>Body${requestBody.required === true ? "" : " (may be left out)"}</h3>
            ${contentPart(requestBody.content)}`
    }
    <h3>Answers</h3>
    ${Object.entries(responses).map(
      ([status, response]) =>
        html`<p><strong>${status}</strong> ${prose(response.description)}</p>
          ${/^[23]/.test(status) ? contentPart(response.content ?? {}) : ""}`,
    )}
  </details>`;
}

function keysPart({ security }: ShownOperation): Markup {
  const scopes = security.flatMap((scheme) => Object.values(scheme).flat());
  const names = scopes.map((scope, index) => html`${index === 0 ? "" : " or "}<code>${scope}</code>`);
  return scopes.length === 0 ? html`No key.` : html`Key: ${names}.`;
}

function parametersPart(parameters: NonNullable<ShownOperation["parameters"]>): Markup {
  return html`<table>
    <tr>
      <th>Parameter</th>
      <th>In</th>
      <th>What</th>
    </tr>
    ${parameters.map(
      ({ name, in: place, required, description, schema }) =>
        html`<tr>
          <td><code>${name}</code>${required === true ? " (required)" : ""}</td>
          <td>${place}</td>
          <td>${prose(description ?? "")} <code>${JSON.stringify(withoutProse(schema))}</code></td>
        </tr>`,
    )}
  </table>`;
}

function contentPart(content: ShownContent): Markup {
  return html`${Object.entries(content).map(
    ([type, { schema, example }]) =>
      html`<p><code>${type}</code></p>
        ${example === undefined ? "" : html`<pre>${printed(example)}</pre>`}
        ${schema === undefined ? "" : schemaPart(schema)}`,
  )}`;
}

/** A schema as it is, with its references as links. */
function schemaPart(schema: object): Markup {
  const parts = printed(schema).split(/"#\/components\/schemas\/([A-Za-z]+)"/);
  return html`<pre>
${parts.map((part, index) => (index % 2 === 0 ? part : html`<a href="#schema-${part}">${part}</a>`))}</pre>`;
}

function printed(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function withoutProse(schema: object): object {
  const { description: _, ...rest } = schema as Record<string, unknown>;
  return rest;
}

/** What stands in backticks, as code. */
function prose(text: string): Markup {
  return html`${text.split("`").map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}
