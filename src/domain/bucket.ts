import type { Series, SeriesState } from "./series.ts";

/** One series of a bucket with the text that names it. */
export interface BucketSeries {
  text: string;
  series: Series;
  state: SeriesState;
}

/** A customer-hour as the counters held it at one moment. */
export interface Bucket {
  key: string;
  customerId: string;
  hourMs: number;
  /** Tells two lives of one customer-hour apart. */
  epoch: string;
  /** Grows by one with each change. */
  version: bigint;
  series: BucketSeries[];
}
