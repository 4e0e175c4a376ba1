const MINUTE_MS = 60_000;
const HOURLY_MINUTE = 17;
const EVERY_MINUTE = "* * * * *";
const HOURLY = `${HOURLY_MINUTE} * * * *`;

/** Runs the handler of one trigger to its end; fails when the handler does. */
export async function fireCron(workerUrl: string, cron: string, timeMs: number): Promise<void> {
  const query = new URLSearchParams({ cron, time: String(timeMs) });
  const response = await fetch(`${workerUrl}/cdn-cgi/handler/scheduled?${query.toString()}`);
  const outcome = (await response.text()).trim();
  if (response.status !== 200) {
    throw new Error(`the handler ended with ${outcome}`);
  }
}

export interface CronOptions {
  fire: (cron: string, timeMs: number) => Promise<void>;
  print: (line: string) => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/**
 * Fires the triggers of wrangler.toml when they are due; gives back what ends it.
 *
 * A trigger whose handler still runs is left out that time. A failure is printed, and the next turn comes.
 */
export function startCron({ fire, print, now = Date.now }: CronOptions): () => void {
  const running = new Set<string>();
  let timer: NodeJS.Timeout;
  const fireOnce = async (cron: string, timeMs: number): Promise<void> => {
    if (running.has(cron)) {
      print(`Cron "${cron}" left out: the last one still runs.`);
      return;
    }
    running.add(cron);
    try {
      await fire(cron, timeMs);
    } catch (error) {
      print(`Cron "${cron}" failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      running.delete(cron);
    }
  };
  const waitForNextMinute = (): void => {
    const dueMs = (Math.floor(now() / MINUTE_MS) + 1) * MINUTE_MS;
    timer = setTimeout(() => {
      waitForNextMinute();
      for (const cron of dueAt(dueMs)) {
        void fireOnce(cron, dueMs);
      }
    }, dueMs - now());
  };
  waitForNextMinute();
  return () => clearTimeout(timer);
}

function dueAt(timeMs: number): string[] {
  const isHourly = new Date(timeMs).getUTCMinutes() === HOURLY_MINUTE;
  return isHourly ? [EVERY_MINUTE, HOURLY] : [EVERY_MINUTE];
}
