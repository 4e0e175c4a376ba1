import { describe, expect, test } from "vitest";
import { browserPath } from "../../support/dashboard/browser.ts";
import { dashboardSuite } from "../../support/dashboard/dashboard-suite.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";

describe.skipIf(browserPath === undefined)("bad requests", () => {
  const { url } = dashboardSuite(() => startDemoWorld());

  test("a form that cannot be read: is 400, without a key too", async () => {
    const answer = await fetch(url("/sign-in"), {
      method: "POST",
      headers: { "sec-fetch-site": "same-origin", "content-type": "multipart/form-data" },
      body: "x",
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("cannot be read");
  });

  test.each(["/%00", "//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example"])(
    "a sign-in that is to lead to %j: answers as without it",
    async (next) => {
      const answer = await fetch(url(`/sign-in?next=${encodeURIComponent(decodeURIComponent(next))}`), {
        redirect: "manual",
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("referrer-policy")).toBe("same-origin");
      expect(answer.headers.get("x-frame-options")).toBe("DENY");
    },
  );
});
