import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openSecretBox, UnreadableSecret } from "../../../src/notifications/secret-box.ts";

const TOKEN_SECRET = "a deployment's own secret";

test("a box: opens what it sealed, under the same name, also another box of the same secret", async () => {
  const sealed = await (await openSecretBox(TOKEN_SECRET, randomBytes)).seal("whe_1", "whsec_abc");
  const box = await openSecretBox(TOKEN_SECRET, randomBytes);
  expect(await box.open("whe_1", sealed)).toBe("whsec_abc");
});

test("a box: seals the same twice differently, and nothing of it can be read", async () => {
  const box = await openSecretBox(TOKEN_SECRET, randomBytes);
  const [first, second] = [await box.seal("whe_1", "whsec_abc"), await box.seal("whe_1", "whsec_abc")];
  expect(first).not.toBe(second);
  expect(first).toMatch(/^v1\.[\w-]{16}\.[\w-]{34}$/);
});

test("a box: does not open another name's, another deployment's, or what was changed", async () => {
  const box = await openSecretBox(TOKEN_SECRET, randomBytes);
  const sealed = await box.seal("whe_1", "whsec_abc");
  const other = await openSecretBox(`${TOKEN_SECRET}.`, randomBytes);
  const [version, iv = "", ciphertext = ""] = sealed.split(".");
  const flipped = `${ciphertext.startsWith("A") ? "B" : "A"}${ciphertext.slice(1)}`;
  await expect(box.open("whe_2", sealed)).rejects.toThrow(UnreadableSecret);
  await expect(other.open("whe_1", sealed)).rejects.toThrow(UnreadableSecret);
  await expect(box.open("whe_1", [version, iv, flipped].join("."))).rejects.toThrow(UnreadableSecret);
  await expect(box.open("whe_1", "whsec_abc")).rejects.toThrow(UnreadableSecret);
  await expect(box.open("whe_1", "")).rejects.toThrow(UnreadableSecret);
});

test("a box of a new secret: opens what was sealed under the one before, and seals under the new one", async () => {
  const old = await (await openSecretBox(TOKEN_SECRET, randomBytes)).seal("whe_1", "whsec_abc");
  const box = await openSecretBox("the secret after it", randomBytes, TOKEN_SECRET);
  expect(await box.open("whe_1", old)).toBe("whsec_abc");
  const fresh = await box.seal("whe_1", "whsec_def");
  const after = await openSecretBox("the secret after it", randomBytes);
  expect(await after.open("whe_1", fresh)).toBe("whsec_def");
  await expect(after.open("whe_1", old)).rejects.toThrow(UnreadableSecret);
});
