interface Env {
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
}

const COMMAND = JSON.stringify(["HINCRBY", "bench", "calls", 1]);

/** The least a Worker can do: `/hello` answers, `/hincrby` counts by one command, without a client library. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (!request.url.endsWith("/hincrby")) {
      return new Response("hello");
    }
    const answer = await fetch(env.UPSTASH_REDIS_REST_URL, {
      method: "POST",
      headers: { authorization: `Bearer ${env.UPSTASH_REDIS_REST_TOKEN}` },
      body: COMMAND,
    });
    const { result } = (await answer.json()) as { result: number };
    return Response.json({ counted: result });
  },
};
