import { inject } from "vitest";

// Each file begins as if it were the first: whatever others have left of months to come is none of its own.
const answer = await fetch(`${inject("controls").emptyingUrl}/_control/empty`, { method: "POST" });
if (!answer.ok) {
  throw new Error(`the stores were not emptied: ${answer.status} ${await answer.text()}`);
}
