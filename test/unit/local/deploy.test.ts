import { expect, test } from "vitest";
import { complaint } from "../../../local/check-versions.ts";
import { missingSteps, parseSecretList, type Preparation } from "../../../local/deploy.ts";

const READY: Preparation = {
  isLoggedIn: true,
  requiredSecrets: ["DATABASE_URL", "ADMIN_KEY"],
  presentSecrets: ["ADMIN_KEY", "DATABASE_URL", "OTHER"],
  databaseUrl: "postgres://u:p@host/db",
};

test("deploy: nothing is missing when all is set", () => {
  expect(missingSteps(READY)).toEqual([]);
});

test.each([
  [
    "a secret",
    { presentSecrets: ["DATABASE_URL"] },
    [
      "Set the secret ADMIN_KEY, a long random key of your own, e.g. from: openssl rand -base64 32: " +
        "npx wrangler secret put ADMIN_KEY",
    ],
  ],
  [
    "the login",
    { isLoggedIn: false, presentSecrets: [] },
    ["Log in to Cloudflare: npx wrangler login (or set CLOUDFLARE_API_TOKEN)"],
  ],
  [
    "the database",
    { databaseUrl: "" },
    ["Give the database to migrate: DATABASE_URL='postgres://…' npm run deploy"],
  ],
])("deploy: a missing %s is told with what to do", (_name, change, steps) => {
  expect(missingSteps({ ...READY, ...change })).toEqual(steps);
});

test("deploy: secrets are read from wrangler's list, also below a banner", () => {
  const stdout = '\n wrangler\n[{"name":"A","type":"secret_text"},{"name":"B","type":"secret_text"}]\n';
  expect(parseSecretList({ status: 0, stdout, stderr: "" })).toEqual(["A", "B"]);
});

test("deploy: a Worker that was never deployed has no secrets, any other failure is told", () => {
  const stderr = "This Worker does not exist on your account. [code: 10007]";
  expect(parseSecretList({ status: 1, stdout: "", stderr })).toEqual([]);
  expect(() => parseSecretList({ status: 1, stdout: "", stderr: "no network" })).toThrow("no network");
});

test.each([
  ["an old Node", "20.19.0", { wrangler: "1" }, "Node 20.19.0 runs this, 24 is wanted"],
  ["two of workerd", "24.1.0", { wrangler: "1", miniflare: "2" }, "wrangler has 1, miniflare has 2"],
])("versions: %s is told", (_name, node, workerds, message) => {
  expect(complaint(node, workerds)).toContain(message);
});

test("versions: a current Node and one workerd are in order", () => {
  expect(complaint("24.21.0", { wrangler: "1", miniflare: "1" })).toBeUndefined();
});
