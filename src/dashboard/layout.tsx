import type { Child } from "hono/jsx";
import { ASSETS } from "./assets.ts";
import type { View } from "./view.ts";

const ROOMS = [
  ["/", "Overview"],
  ["/customers", "Customers"],
  ["/invoices", "Invoices"],
  ["/catalog", "Catalog"],
  ["/alerts", "Alerts"],
  ["/webhooks", "Webhooks"],
  ["/jobs", "Job runs"],
  ["/keys", "Keys"],
] as const;

interface DocumentProps {
  title: string;
  /** Further style sheets of this host. */
  styles?: readonly string[];
  children?: Child;
}

/** The HTML document around every page. */
export function Document({ title, styles = [], children }: DocumentProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href={ASSETS.icon.path} type="image/svg+xml" />
        {[ASSETS.styles.path, ...styles].map((path) => (
          <link rel="stylesheet" href={path} />
        ))}
        <script src={ASSETS.script.path} defer></script>
      </head>
      <body>{children}</body>
    </html>
  );
}

interface PageProps {
  view: View;
  title: string;
  /** Of the page's room, as in the menu. */
  room: (typeof ROOMS)[number][0];
  children?: Child;
}

/** A page of the dashboard: menu, who is signed in, and what the page is about. */
export function Page({ view, title, room, children }: PageProps) {
  return (
    <Document title={`${title} · edgemeter`}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <div class="shell">
        <header class="side">
          <div class="menu">
            <Brand />
            <nav aria-label="Main">
              <ul>
                {ROOMS.map(([path, name]) => (
                  <li>
                    <a href={path} aria-current={path === room ? "page" : undefined}>
                      {name}
                    </a>
                  </li>
                ))}
              </ul>
            </nav>
            <div class="who">
              <span class="end">
                Signed in with {view.session.scope === "admin" ? "an admin" : "a read"} key
              </span>
              <form method="post" action="/sign-out">
                <input type="hidden" name="_csrf" value={view.csrf} />
                <button class="quiet small" type="submit">
                  Sign out
                </button>
              </form>
            </div>
          </div>
        </header>
        <main id="main" tabindex={-1}>
          {children}
        </main>
      </div>
    </Document>
  );
}

/** Name and sign of the product. */
export function Brand() {
  return (
    <a class="brand" href="/">
      <img src={ASSETS.icon.path} alt="" width="26" height="26" />
      edgemeter
    </a>
  );
}

interface HeadProps {
  title: string;
  sub?: Child;
  /** Pages above this one: address and name. */
  above?: readonly (readonly [path: string, name: string])[];
  children?: Child;
}

/** The head of a page; what is done with the whole of it stands at its right. */
export function Head({ title, sub, above = [], children }: HeadProps) {
  return (
    <header class="head">
      <div>
        {above.length > 0 && (
          <p class="crumbs">
            {above.map(([path, name], index) => (
              <>
                {index > 0 && " / "}
                <a href={path}>{name}</a>
              </>
            ))}
          </p>
        )}
        <h1>{title}</h1>
        {sub !== undefined && <p class="sub">{sub}</p>}
      </div>
      {children !== undefined && <div class="actions">{children}</div>}
    </header>
  );
}
