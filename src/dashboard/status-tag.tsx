import { worded } from "./printed.ts";

const TONES: Record<string, string> = {
  paid: "good",
  delivered: "good",
  ok: "good",
  open: "info",
  in_review: "warn",
  pending: "info",
  draft: "",
  void: "",
  zero: "",
  uncollectible: "bad",
  blocked: "bad",
  failed: "bad",
  drift: "bad",
  unknown: "warn",
};

/** A state in a word and a colour. */
export function StatusTag({ status }: { status: string }) {
  return <span class={`tag ${TONES[status] ?? ""}`}>{worded(status)}</span>;
}
