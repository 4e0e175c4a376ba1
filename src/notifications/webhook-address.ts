/** Longest address of an endpoint, in characters. */
export const MAX_URL_LENGTH = 2048;

export interface AddressRules {
  /** Lets private addresses and plain http pass: for a local stack, or a deployment that owns every endpoint. */
  allowPrivate: boolean;
}

/** Not the public internet's, by the IANA IPv4 special-purpose registry: first address and prefix length. */
const RESERVED_IPV4: readonly [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** The only IPv6 addresses of the public internet are in 2000::/3; these parts of it are not, or hold an IPv4 address. */
const RESERVED_IPV6: readonly [string, number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];
const GLOBAL_IPV6: readonly [string, number] = ["2000::", 3];

/** Names that never belong to the public internet: RFC 6761, 6762, 8375, and what networks use inside. */
const PRIVATE_SUFFIXES = ["localhost", "local", "internal", "localdomain", "home.arpa", "intranet", "lan"];

/**
 * Tells why an endpoint's address may not be called; undefined when it may.
 *
 * Judges the address as it is written: what a name resolves to a Worker cannot see.
 */
export function addressFault(text: string, { allowPrivate }: AddressRules): string | undefined {
  if (text.length > MAX_URL_LENGTH) {
    return `must have at most ${MAX_URL_LENGTH} characters`;
  }
  const url = URL.parse(text);
  if (url === null) {
    return "must be an absolute URL";
  }
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:")) {
    return allowPrivate ? "must begin with https:// or http://" : "must begin with https://";
  }
  if (url.username !== "" || url.password !== "") {
    return "must not contain a user name or password";
  }
  return allowPrivate ? undefined : hostFault(url.hostname, text);
}

function hostFault(hostname: string, text: string): string | undefined {
  if (hostname.startsWith("[")) {
    return isPublicIpv6(hostname.slice(1, -1)) ? undefined : NOT_PUBLIC;
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) {
    if (!isWrittenAs(hostname, text)) {
      return "must give an IPv4 address as four decimal numbers";
    }
    return isReservedIpv4(ipv4Bits(hostname)) ? NOT_PUBLIC : undefined;
  }
  const name = hostname.replace(/\.+$/, "");
  const isPrivate =
    !name.includes(".") || PRIVATE_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
  return isPrivate ? "must be a name on the public internet" : undefined;
}

const NOT_PUBLIC = "must not be a private, loopback, link-local or otherwise reserved address";

/** URLs take 0x7f.1, 017700000001 and 2130706433 for 127.0.0.1; who writes so wants to hide something. */
function isWrittenAs(hostname: string, text: string): boolean {
  const [, written] = /^https?:\/\/([^/?#:]*)/i.exec(text) ?? [];
  return written === hostname;
}

function ipv4Bits(address: string): bigint {
  return address.split(".").reduce((bits, part) => bits * 256n + BigInt(part), 0n);
}

function isReservedIpv4(bits: bigint): boolean {
  return RESERVED_IPV4.some(([first, length]) => hasPrefix(bits, ipv4Bits(first), length, 32));
}

function isPublicIpv6(address: string): boolean {
  const bits = ipv6Bits(address);
  const isIn = ([first, length]: readonly [string, number]): boolean =>
    hasPrefix(bits, ipv6Bits(first), length, 128);
  return isIn(GLOBAL_IPV6) && !RESERVED_IPV6.some(isIn);
}

/** Reads an IPv6 address as URLs print it: hexadecimal groups, `::` at most once, no dotted part. */
function ipv6Bits(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].reduce((bits, group) => bits * 65_536n + BigInt(`0x${group}`), 0n);
}

function hasPrefix(bits: bigint, first: bigint, length: number, width: number): boolean {
  const shift = BigInt(width - length);
  return bits >> shift === first >> shift;
}
