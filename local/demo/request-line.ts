/** A request as it is sent again. */
export interface ReplayedRequest {
  method: string;
  /** Path and query, safe to put on the wire. */
  path: string;
}

/** Methods that the whole way to the product carries; any other (TRACE, CONNECT, no token at all) goes as GET. */
const CARRIED = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** Longest path sent; what is longer is cut, since servers refuse long request lines. */
const MAX_PATH_LENGTH = 2048;
const UNSAFE = /[^!$-;=?-Z[\]_a-z~]/gu;

/**
 * Gives a logged request line as a request that can be sent.
 *
 * What a client sent that is no HTTP (`\x16\x03\x01`, `-`) becomes `GET /`: it counts by its status all the same.
 */
export function replayedRequest(line: string): ReplayedRequest {
  const { method, target } = splitRequest(line);
  return { method: CARRIED.has(method) ? method : "GET", path: wirePath(target) };
}

/** The first segment of the requested path, decoded; `/` where there is none. */
export function firstSegment(line: string): string {
  const url = URL.parse(`http://log.invalid${wirePath(splitRequest(line).target)}`);
  const segment = url?.pathname.split("/").find((part) => part !== "") ?? "/";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The target may hold spaces; the protocol is absent in HTTP/0.9. */
function splitRequest(line: string): { method: string; target: string } {
  const match = /^(\S+) (.*?)(?: HTTP\/\d(?:\.\d)?)?$/s.exec(line);
  return { method: match?.[1] ?? "", target: match?.[2] ?? "/" };
}

function wirePath(target: string): string {
  const path = target.startsWith("/") ? target : pathOfUrl(target);
  const safe = path.toWellFormed().replace(UNSAFE, (character) => encodeURIComponent(character));
  return safe.slice(0, MAX_PATH_LENGTH).replace(/%[0-9A-Fa-f]?$/, "");
}

/** A proxy's request names a whole URL; `*` and `host:port` have no path. */
function pathOfUrl(target: string): string {
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null;
  return url === null ? "/" : `${url.pathname}${url.search}`;
}
