/** What one request asks the product to answer. */
export interface Asked {
  customer: string;
  region: string;
  status: number;
  /** A decimal with at most three decimals. */
  value: string;
  mode: "plain" | "stream" | "fixed" | "throw" | "socket";
  chunks: number;
  chunkBytes: number;
  /** Before the response, and between chunks. */
  waitMs: number;
}

/** The address that asks for it. */
export function askedPath(asked: Asked): string {
  const query = new URLSearchParams(
    Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return `/?${query.toString()}`;
}

export function readAsked(url: string): Asked {
  const query = new URL(url).searchParams;
  const text = (name: string): string => query.get(name) ?? "";
  return {
    customer: text("customer"),
    region: text("region"),
    status: Number(text("status")),
    value: text("value"),
    mode: text("mode") as Asked["mode"],
    chunks: Number(text("chunks")),
    chunkBytes: Number(text("chunkBytes")),
    waitMs: Number(text("waitMs")),
  };
}
