import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { SCRIPT } from "./script.ts";
import { STYLES } from "./styles.ts";

const FOR_EVER = "public, max-age=31536000, immutable";
/** A meter: three bars of a rising count. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0f5fd6"/><path d="M8 23v-6M16 23V9M24 23v-9" stroke="#fff" stroke-width="4" stroke-linecap="round"/></svg>`;

interface Asset {
  path: string;
  type: string;
  text: string;
}

function asset(name: string, extension: string, type: string, text: string): Asset {
  const hash = bytesToHex(sha256(utf8ToBytes(text))).slice(0, 12);
  return { path: `/assets/${name}-${hash}.${extension}`, type, text };
}

/** What pages load beside themselves; a name changes with its content. */
export const ASSETS = {
  styles: asset("dashboard", "css", "text/css; charset=utf-8", STYLES),
  script: asset("dashboard", "js", "text/javascript; charset=utf-8", SCRIPT),
  icon: asset("icon", "svg", "image/svg+xml", ICON),
};

/** Answers an asset; undefined when there is none of that path. */
export function assetResponse(path: string): Response | undefined {
  const found = Object.values(ASSETS).find((candidate) => candidate.path === path);
  return (
    found && new Response(found.text, { headers: { "content-type": found.type, "cache-control": FOR_EVER } })
  );
}
