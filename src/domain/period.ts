/** A half-open billing period `[startMs, endMs)`, both at midnight UTC. */
export interface Period {
  startMs: number;
  endMs: number;
}

/**
 * The period that contains the moment for a billing anchor day (1–31; the last day where a month is shorter).
 */
export function periodContaining(timeMs: number, anchorDay = 1): Period {
  const startMs = anchorAtOrBefore(timeMs, anchorDay);
  return { startMs, endMs: nextAnchor(startMs, anchorDay) };
}

/** The period that follows one that ends at `endMs`; shorter than a month when the anchor day has changed. */
export function periodFrom(endMs: number, anchorDay = 1): Period {
  return { startMs: endMs, endMs: nextAnchor(endMs, anchorDay) };
}

/** First anchor midnight after the moment. */
function nextAnchor(timeMs: number, anchorDay: number): number {
  const date = new Date(timeMs);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const candidate = anchorOfMonth(year, month, anchorDay);
  return candidate > timeMs ? candidate : anchorOfMonth(year, month + 1, anchorDay);
}

function anchorAtOrBefore(timeMs: number, anchorDay: number): number {
  const date = new Date(timeMs);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const candidate = anchorOfMonth(year, month, anchorDay);
  return candidate <= timeMs ? candidate : anchorOfMonth(year, month - 1, anchorDay);
}

function anchorOfMonth(year: number, month: number, anchorDay: number): number {
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(anchorDay, lastDay));
}
