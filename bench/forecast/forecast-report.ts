import { formatTable } from "../../local/demo/table.ts";
import { MIDDLES } from "./middles.ts";
import type { AlertFigures, ForecastFigures, SetFigures } from "./tally.ts";

const NOMINAL_PERCENT = 80;

/** The part of the report that is about the forecast. */
export function printForecast({ sets, tookSeconds }: ForecastFigures): string {
  return [
    "\nForecast of a budget passed, one check a day; naive: used ÷ elapsed passes the budget\n\n",
    alertTable(sets),
    "\n  A period counts once under each of its budgets. Lead: days from alert to crossing, a crossing that nobody\n" +
      "  foresaw counted as 0. False: alerted, and the period ended within its budget, in % of all periods.\n" +
      "  No interval: our projection's middle passes the budget.\n",
    `\nThe interval, meant to hold ${NOMINAL_PERCENT} % of outcomes, ${(100 - NOMINAL_PERCENT) / 2} % on each side\n\n`,
    intervalTable(sets),
    "\nWays to expect a day: mean distance of the projected total from the real one, in % of it, asked once a week\n\n",
    middleTable(sets),
    `\n  The back-test took ${tookSeconds.toFixed(1)} s.\n`,
  ].join("");
}

function alertTable(sets: readonly SetFigures[]): string {
  return formatTable(
    [
      "",
      "periods",
      "crossed",
      "foreseen %",
      "naive",
      "lead p50",
      "naive",
      "lead p10",
      "naive",
      "false %",
      "no interval",
      "naive",
    ],
    sets.map(({ label, periods, crossings, alerts: { ours, middle, naive } }) => [
      label,
      whole(periods),
      whole(crossings),
      ...pair(ours, naive, ({ foreseenPercent }) => whole(foreseenPercent)),
      ...pair(ours, naive, ({ leadDaysP50 }) => tenths(leadDaysP50)),
      ...pair(ours, naive, ({ leadDaysP10 }) => tenths(leadDaysP10)),
      tenths(ours.falseAlarmPercent),
      tenths(middle.falseAlarmPercent),
      tenths(naive.falseAlarmPercent),
    ]),
  );
}

function pair(
  ours: AlertFigures,
  naive: AlertFigures,
  print: (figures: AlertFigures) => string,
): [string, string] {
  return [print(ours), print(naive)];
}

function intervalTable(sets: readonly SetFigures[]): string {
  return formatTable(
    ["", "checks", "inside %", "first week", "later", "below %", "above %", "width %"],
    sets.map((set) => [
      set.label,
      whole(set.checks),
      tenths(set.insidePercent),
      tenths(set.insideFirstWeekPercent),
      tenths(set.insideLaterPercent),
      tenths(set.belowPercent),
      tenths(set.abovePercent),
      whole(set.widthPercent),
    ]),
  );
}

function middleTable(sets: readonly SetFigures[]): string {
  const asked = sets.filter(({ errorPercents }) => Number.isFinite(errorPercents[MIDDLES[0].label]));
  return formatTable(
    ["", ...asked.map(({ label }) => label)],
    MIDDLES.map(({ label: way }) => [
      way,
      ...asked.map(({ errorPercents }) => tenths(errorPercents[way] ?? Number.NaN)),
    ]),
  );
}

function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en") : "–";
}

function tenths(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "–";
}
