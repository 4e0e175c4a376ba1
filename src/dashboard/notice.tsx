import type { Child } from "hono/jsx";
import type { Problem } from "./api-calls.ts";

type Tone = "good" | "warn" | "bad" | "info";

/** A message across a page or a card. */
export function Notice({ tone, children }: { tone: Tone; children?: Child }) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** Why something was not done, fault by fault. */
export function ProblemNotice({ problem }: { problem: Problem | undefined }) {
  if (problem === undefined) {
    return <></>;
  }
  return (
    <Notice tone="bad">
      <p>
        <strong>{problem.title}.</strong> {problem.detail}
      </p>
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map(({ path, message }) => (
            <li>
              {path !== "" && <code>{path}</code>} {message}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

const DONE: Record<string, string> = {
  saved: "Saved.",
  created: "Created.",
  deleted: "Deleted.",
  finalised: "Finalised: the invoice is open in Stripe.",
  voided: "The invoice is void.",
  voiding: "The void is written down; the hourly run goes on with it.",
  published: "Published.",
  unchanged: "That is the latest version already; nothing was published.",
  adjusted: "The adjustment is kept.",
  compared: "Compared: what differs is listed below.",
  invoiced: "The invoicing run is done.",
  enabled: "The endpoint is told of what happens again.",
  redelivered: "It is delivered again with the next tick.",
  tested: "The test event was delivered.",
  "not-tested": "The endpoint did not take the test event.",
  revoked: "Revoked.",
};

/** What was done before this page was asked for; one of a fixed list, so that an address cannot put words here. */
export function DoneNotice({ done }: { done: string | undefined }) {
  const text = done === undefined ? undefined : DONE[done];
  return text === undefined ? <></> : <Notice tone={done === "not-tested" ? "warn" : "good"}>{text}</Notice>;
}

/** Said where counters could not be asked. */
export function StaleNotice({ isStale }: { isStale: boolean }) {
  return isStale ? (
    <Notice tone="warn">
      <strong>These numbers may be some minutes old.</strong> The counters do not answer, so this is what the
      ledger has. Nothing is lost: recording goes on.
    </Notice>
  ) : (
    <></>
  );
}
