import type { Hono } from "hono";
import type { Deps } from "../../deps.ts";
import { Brand, Document } from "../layout.tsx";
import { Notice } from "../notice.tsx";
import { respond } from "../respond.ts";
import { endSession, openSession, readSession, writeSession, type SignInRefusal } from "../session.ts";
import type { DashboardEnv } from "../view.ts";

const MAX_KEY_LENGTH = 512;

/** `/sign-in` and `/sign-out`. */
export function addSignIn(app: Hono<DashboardEnv>, deps: Deps): void {
  app.get("/sign-in", async (context) => {
    const next = ownPath(context.req.query("next"));
    if ((await readSession(context, deps, deps.now())) !== undefined) {
      return context.redirect(next, 303);
    }
    return respond(context, SignInPage({ next, refusal: undefined }));
  });

  app.post("/sign-in", async (context) => {
    const { key, next } = await context.req.parseBody();
    const presented = typeof key === "string" ? key.trim().slice(0, MAX_KEY_LENGTH) : "";
    const opened = await openSession(context, deps, presented, deps.now());
    const target = ownPath(typeof next === "string" ? next : undefined);
    if (typeof opened === "string") {
      const page = SignInPage({ next: target, refusal: opened });
      return respond(context, page, opened === "unknown" ? 401 : 403);
    }
    await writeSession(context, deps, opened);
    return context.redirect(target, 303);
  });

  app.post("/sign-out", (context) => {
    endSession(context);
    return context.redirect("/sign-in", 303);
  });
}

/** Only to a page of ours: an address may not send anybody elsewhere. */
function ownPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next) && !next.startsWith("/sign-")
    ? next
    : "/";
}

const REFUSALS: Record<SignInRefusal, string> = {
  unknown: "That key is not one of this deployment's.",
  expired: "That key has expired.",
  revoked: "That key was revoked.",
  busy: "Too many unknown keys come at once: try again in a moment.",
  ingest: "An ingest key only sends events. Sign in with a read key or an admin key.",
  customer: "That is a customer's token: it opens the customer's own page.",
  not_configured: "Set the secret TOKEN_SECRET first: sessions are sealed with it.",
};

function SignInPage({ next, refusal }: { next: string; refusal: SignInRefusal | undefined }) {
  return (
    <Document title="Sign in · edgemeter">
      <main class="alone">
        <section class="card">
          <Brand />
          <h1>Sign in</h1>
          <p class="minor">With an API key. A read key sees everything, an admin key may change it.</p>
          {refusal !== undefined && <Notice tone="bad">{REFUSALS[refusal]}</Notice>}
          <form method="post" action="/sign-in" class="fields">
            <input type="hidden" name="next" value={next} />
            <label>
              API key
              <input name="key" type="password" autocomplete="current-password" required autofocus />
            </label>
            <button type="submit">Sign in</button>
          </form>
          <p class="minor">The session ends after 12 hours.</p>
        </section>
      </main>
    </Document>
  );
}
