import { DAY_MS } from "../../src/domain/window.ts";
import { events, normal, randomOf } from "./random.ts";

/** A customer's usage by UTC day. */
export interface Series {
  /** Of the first day, a midnight. */
  startMs: number;
  days: readonly bigint[];
  /** Index of the first day with usage. */
  firstDay: number;
  /** Periods that begin before this day are history only. */
  playedFromDay: number;
  /** Index of the day of a lasting jump. */
  jumpDay?: number;
}

/** What kinds of customers there are. Each has noise, a weekly rhythm, a wandering level, rare spikes and rare outages. */
export const KINDS = [
  "steady",
  /** By 0–20 % a month. */
  "growing",
  /** A jump to 1.5–5 times that lasts, with a rush in its first days. */
  "launch",
  /** A day of 3–15 times every month. */
  "spiky",
  /** By 0–12 % a month. */
  "declining",
  /** Up and down by 15–50 % in a year. */
  "seasonal",
  /** From some day on, half of them with a rush in the first days. */
  "new",
  /** A job of eight days' usage on each 1st. */
  "monthly",
  /** Nothing on 60–90 % of days. */
  "bursty",
] as const;
export type Kind = (typeof KINDS)[number];

const START_MS = Date.UTC(2024, 9, 1);
const DAYS = 457;
/** Enough for what is looked back upon. */
const PLAYED_FROM = 99;
const DAYS_OF_MONTH = 30.4;

/** From Sunday: offices, machines, leisure, offices that close, most of the web, a job every Friday. */
const WEEKS = [
  [0.35, 1.1, 1.2, 1.25, 1.2, 1.1, 0.45],
  [1, 1, 1, 1, 1, 1, 1],
  [1.3, 0.9, 0.85, 0.9, 0.95, 1.1, 1.3],
  [0.05, 1.3, 1.4, 1.4, 1.3, 1.2, 0.1],
  [0.7, 1.05, 1.1, 1.15, 1.1, 1.05, 0.85],
  [0.4, 0.4, 0.4, 0.4, 0.4, 4.6, 0.4],
];

/** Fifteen months of one customer; the seed alone decides them. */
export function generateCustomer(kind: Kind, seed: number): Series {
  const random = randomOf(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const base = 10 ** between(3, 5.5);
  const week = WEEKS[Math.floor(between(0, WEEKS.length))] ?? [];
  const noise = { deviation: between(0.05, 0.35), memory: between(0, 0.5), now: 0 };
  const wander = { step: between(0.004, 0.018), now: 0 };
  const shape = shapeOf(kind, between);
  const days: bigint[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    noise.now =
      noise.memory * noise.now + Math.sqrt(1 - noise.memory ** 2) * noise.deviation * normal(random);
    wander.now += wander.step * normal(random);
    const date = new Date(START_MS + day * DAY_MS);
    const level = base * Math.exp(wander.now);
    const usual = level * Math.exp(noise.now) * (week[date.getUTCDay()] ?? 1);
    const isSpike = random() < shape.spikesPerDay;
    const spike = isSpike ? between(3, 15) : 1;
    const outage = random() < 1 / 200 ? 0.1 : 1;
    const job = kind === "monthly" && date.getUTCDate() === 1 ? 8 * level : 0;
    days.push(events(random, usual * shape.factor(day) * spike * outage + job));
  }
  return {
    startMs: START_MS,
    days,
    firstDay: shape.firstDay,
    playedFromDay: Math.min(PLAYED_FROM, shape.firstDay === 0 ? PLAYED_FROM : shape.firstDay - 31),
    ...(shape.jumpDay !== undefined && { jumpDay: shape.jumpDay }),
  };
}

interface Shape {
  firstDay: number;
  spikesPerDay: number;
  jumpDay?: number;
  /** What the day's usual quantity is multiplied by. */
  factor(day: number): number;
}

function months(days: number): number {
  return days / DAYS_OF_MONTH;
}

function shapeOf(kind: Kind, between: (low: number, high: number) => number): Shape {
  const shape = { firstDay: 0, spikesPerDay: 1 / 150 };
  switch (kind) {
    case "steady":
    case "monthly":
      return { ...shape, factor: () => 1 };
    case "spiky":
      return { ...shape, spikesPerDay: 1 / 30, factor: () => 1 };
    case "growing": {
      const growth = between(1, 1.2);
      return { ...shape, factor: (day) => growth ** months(day) };
    }
    case "declining": {
      const decline = between(0.88, 1);
      return { ...shape, factor: (day) => decline ** months(day) };
    }
    case "launch": {
      const jumpDay = Math.floor(between(PLAYED_FROM + 31, DAYS - 62));
      const [growth, jump, rush] = [between(1, 1.1), between(1.5, 5), between(0, 2)];
      const since = (day: number): number =>
        day < jumpDay ? 1 : jump * (1 + rush * Math.exp(-(day - jumpDay) / 2));
      return { ...shape, jumpDay, factor: (day) => growth ** months(day) * since(day) };
    }
    case "seasonal": {
      const [height, phase] = [between(0.15, 0.5), between(0, 2 * Math.PI)];
      return { ...shape, factor: (day) => 1 + height * Math.sin(phase + (2 * Math.PI * day) / 365) };
    }
    case "new": {
      const firstDay = Math.floor(between(PLAYED_FROM, DAYS - 93));
      const [growth, rush] = [between(1, 1.2), Math.max(0, between(-4, 4))];
      return {
        ...shape,
        firstDay,
        factor: (day) =>
          day < firstDay
            ? 0
            : growth ** months(day - firstDay) * (1 + rush * Math.exp(-(day - firstDay) / 1.5)),
      };
    }
    case "bursty": {
      const share = between(0.1, 0.4);
      return { ...shape, factor: () => (between(0, 1) < share ? -5 * Math.log(1 - between(0, 1)) : 0) };
    }
  }
}
