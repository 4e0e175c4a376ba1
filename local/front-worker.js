// Stands before the metering Worker in the local stack: cron triggers over HTTP, all else passed through.

const SCHEDULED_PATH = "/cdn-cgi/handler/scheduled";

export default {
  /** Answers a trigger when its handler has finished: 200 `ok`, or 500 with the outcome. */
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname !== SCHEDULED_PATH) {
      return env.METER.fetch(request);
    }
    const cron = url.searchParams.get("cron") ?? "";
    const time = url.searchParams.get("time");
    const scheduledTime = time === null ? new Date() : new Date(Number(time));
    if (cron === "" || Number.isNaN(scheduledTime.getTime())) {
      return new Response("cron, and time in epoch milliseconds if given, are wanted\n", { status: 400 });
    }
    const { outcome } = await env.METER.scheduled({ cron, scheduledTime });
    return new Response(`${outcome}\n`, { status: outcome === "ok" ? 200 : 500 });
  },
};
