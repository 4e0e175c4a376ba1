import { percentile } from "../statistics.ts";
import { errorsOf, MIDDLES } from "./middles.ts";
import type { Check, Forecaster, Outcome } from "./play-period.ts";

/** How one forecaster's alerts did. */
export interface AlertFigures {
  /** Of the periods that crossed their budget, those with an alert before. */
  foreseenPercent: number;
  /** Days from alert to crossing, an unforeseen crossing counted as 0. */
  leadDaysP50: number;
  leadDaysP10: number;
  falseAlarms: number;
  /** Alerts in periods that ended within their budget, of all periods. */
  falseAlarmPercent: number;
}

/** What came of one set of customers. */
export interface SetFigures {
  label: string;
  /** Periods, each under one budget. */
  periods: number;
  crossings: number;
  alerts: Record<Forecaster, AlertFigures>;
  /** Daily checks, and where the period's end was beside the interval that each told. */
  checks: number;
  insidePercent: number;
  belowPercent: number;
  abovePercent: number;
  /** The same in the first seven days of a period, and later. */
  insideFirstWeekPercent: number;
  insideLaterPercent: number;
  /** Middle width of the interval in percent of what the period came to. */
  widthPercent: number;
  /** Mean distance of the projected total from the real one, in percent, by way of expecting a day. */
  errorPercents: Record<string, number>;
}

export interface ForecastFigures {
  sets: SetFigures[];
  tookSeconds: number;
}

/** Adds up what was played of one set of customers. */
export class Tally {
  readonly label: string;
  readonly outcomes: Outcome[] = [];
  readonly #inside = { first: 0, later: 0 };
  readonly #checks = { first: 0, later: 0 };
  #below = 0;
  #above = 0;
  readonly #widths: number[] = [];
  readonly #errors = MIDDLES.map(() => 0);
  #errorCount = 0;

  constructor(label: string) {
    this.label = label;
  }

  add({ outcomes, checks }: { outcomes: readonly Outcome[]; checks: readonly Check[] }): void {
    this.outcomes.push(...outcomes);
    for (const check of checks) {
      this.#addCheck(check);
    }
  }

  #addCheck(check: Check): void {
    const { projection, total, dayOfPeriod } = check;
    const part = dayOfPeriod < 7 ? "first" : "later";
    this.#checks[part] += 1;
    if (total < projection.low) {
      this.#below += 1;
    } else if (total > projection.high) {
      this.#above += 1;
    } else {
      this.#inside[part] += 1;
    }
    if (total > 0n) {
      this.#widths.push(Number(projection.high - projection.low) / Number(total));
    }
    // Once a week: the ways to expect a day are many.
    const errors = dayOfPeriod % 7 === 3 ? errorsOf(check) : undefined;
    if (errors !== undefined) {
      this.#errorCount += 1;
      for (const [index, error] of errors.entries()) {
        this.#errors[index] = (this.#errors[index] ?? 0) + error;
      }
    }
  }

  figures(): SetFigures {
    const { outcomes, label } = this;
    const checks = this.#checks.first + this.#checks.later;
    const inside = this.#inside.first + this.#inside.later;
    return {
      label,
      periods: outcomes.length,
      crossings: outcomes.filter(({ isCrossed }) => isCrossed).length,
      alerts: {
        ours: alertFigures(outcomes, "ours"),
        middle: alertFigures(outcomes, "middle"),
        naive: alertFigures(outcomes, "naive"),
      },
      checks,
      insidePercent: percent(inside, checks),
      belowPercent: percent(this.#below, checks),
      abovePercent: percent(this.#above, checks),
      insideFirstWeekPercent: percent(this.#inside.first, this.#checks.first),
      insideLaterPercent: percent(this.#inside.later, this.#checks.later),
      widthPercent: 100 * percentile(ascending(this.#widths), 50),
      errorPercents: Object.fromEntries(
        MIDDLES.map(({ label: way }, index) => [way, percent(this.#errors[index] ?? 0, this.#errorCount)]),
      ),
    };
  }
}

function alertFigures(outcomes: readonly Outcome[], name: Forecaster): AlertFigures {
  const leadDays = ascending(
    outcomes.filter(({ isCrossed }) => isCrossed).map((outcome) => outcome.leadDays[name]),
  );
  const falseAlarms = outcomes.filter(({ isFalseAlarm }) => isFalseAlarm[name]).length;
  return {
    foreseenPercent: percent(leadDays.filter((days) => days > 0).length, leadDays.length),
    leadDaysP50: percentile(leadDays, 50),
    leadDaysP10: percentile(leadDays, 10),
    falseAlarms,
    falseAlarmPercent: percent(falseAlarms, outcomes.length),
  };
}

function percent(part: number, whole: number): number {
  return (100 * part) / whole;
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((left, right) => left - right);
}
