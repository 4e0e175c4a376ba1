import { formatTable } from "../../local/demo/table.ts";
import type { PageFigures } from "./measure-dashboard.ts";

/** The part of the report on pages. */
export function printDashboard(figures: readonly PageFigures[]): string {
  const rows = figures.map(({ page, pageMs, apiMs, calls, bytes, isMet }) => [
    page,
    pageMs.toFixed(1),
    apiMs.toFixed(1),
    String(calls),
    (pageMs / apiMs).toFixed(2),
    bytes.toLocaleString("en"),
    isMet ? "met" : "MISSED",
  ]);
  return (
    "\nPages of the dashboard, p50 beside the sum of the API calls that they stand for; at most twice it\n\n" +
    formatTable(["page", "ms", "API ms", "calls", "of it", "HTML bytes", ""], rows)
  );
}
