import type { MetricDocument } from "../usage/usage-document.ts";
import { Empty } from "./card.tsx";
import { ShareBar } from "./charts/share-bar.tsx";
import { grouped } from "./printed.ts";

/** Each metric's usage against what is included. */
export function UsageBars({ metrics }: { metrics: readonly MetricDocument[] }) {
  if (metrics.length === 0) {
    return <Empty title="Nothing used in this period">What is recorded shows here at once.</Empty>;
  }
  return (
    <div class="usage">
      {metrics.map((metric) => (
        <div class="row">
          <strong>{metric.displayName}</strong>
          <ShareBar
            percent={metric.percentUsed}
            label={`${metric.displayName}: ${shareText(metric)}`}
            over="warn"
          />
          <span class="minor">{shareText(metric)}</span>
        </div>
      ))}
    </div>
  );
}

function shareText({ current, included, unit, percentUsed }: MetricDocument): string {
  if (included === null) {
    return `${grouped(current)} ${unit}, all included`;
  }
  if (included === "0") {
    return `${grouped(current)} ${unit}, none included`;
  }
  return `${grouped(current)} of ${grouped(included)} ${unit} included, ${grouped(String(percentUsed))} %`;
}
