import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const SOURCE = new URL("../../../src/", import.meta.url);
/** A static import or export of a file of ours that is not of types alone. */
const STATIC = /^(?:import|export)\s+(?!type\b)(?:[^;"']*?\sfrom\s+)?["'](\.[^"']+)["']/gm;

/** Every file that is loaded when a file is, by what is imported at its top. */
async function loadedBy(file: URL, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file.href)) {
    return found;
  }
  found.add(file.href);
  if (file.pathname.endsWith(".ts")) {
    const text = await readFile(file, "utf8");
    for (const [, path = ""] of text.matchAll(STATIC)) {
      await loadedBy(new URL(path, file), found);
    }
  }
  return found;
}

test("the Worker's start: loads nothing of what only deliveries need", async () => {
  const loaded = await loadedBy(new URL("index.ts", SOURCE));
  const rooms = [...loaded].map((href) => href.slice(SOURCE.href.length));
  expect(rooms).toContain("counters/record.ts");
  expect(rooms).toContain("http/routes/webhook-endpoints.ts");
  expect(rooms.filter((path) => path.startsWith("notifications/"))).toEqual([]);
});

test("the Worker's start: loads of the dashboard only where its pages are", async () => {
  const loaded = await loadedBy(new URL("index.ts", SOURCE));
  const rooms = [...loaded].map((href) => href.slice(SOURCE.href.length));
  expect(rooms.filter((path) => path.startsWith("dashboard/"))).toEqual(["dashboard/mount.ts"]);
});
