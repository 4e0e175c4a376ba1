import type { WorkerBundle } from "./worker-bundle.ts";

/** A Worker and what it is given; `services` are bindings to entry points of others in the same process. */
export interface WorkerService {
  bundle: WorkerBundle;
  bindings: Record<string, string>;
  services?: Record<string, { name: string; entrypoint?: string }>;
}

export interface WorkerdConfig {
  frontWorker: string;
  meter: WorkerService;
  product?: WorkerService | undefined;
  /** 0 for any free one. */
  ports: { http: number; product: number };
}

/** The text of workerd's configuration; files are embedded by path relative to where it is written. */
export function workerdConfig({ frontWorker, meter, product, ports }: WorkerdConfig): string {
  const front = [
    `modules = [(name = "front.js", esModule = embed ${quote(frontWorker)})]`,
    `compatibilityDate = ${quote(meter.bundle.compatibilityDate)}`,
    // The binding's scheduled() is given to it alone; it is experimental, and nothing of it is deployed.
    'compatibilityFlags = ["service_binding_extra_handlers", "experimental"]',
    'bindings = [(name = "METER", service = "meter")]',
  ];
  const services = [
    service("front", front),
    service("meter", workerFields(meter)),
    ...(product === undefined ? [] : [service("product", workerFields(product))]),
    '(name = "internet", network = (allow = ["public", "private", "local"], ' +
      "tlsOptions = (trustBrowserCas = true)))",
  ];
  const sockets = [
    socket("http", ports.http, "front"),
    ...(product === undefined ? [] : [socket("product", ports.product, "product")]),
  ];
  return [
    'using Workerd = import "/workerd/workerd.capnp";',
    "const config :Workerd.Config = (",
    `  services = [\n    ${services.join(",\n    ")}\n  ],`,
    `  sockets = [\n    ${sockets.join(",\n    ")}\n  ],`,
    ");\n",
  ].join("\n");
}

function workerFields({ bundle, bindings, services }: WorkerService): string[] {
  const modules = bundle.modules.map(
    ({ name, kind }) => `(name = ${quote(name)}, ${kind} = embed ${quote(`${bundle.folder}/${name}`)})`,
  );
  const texts = Object.entries({ ...bundle.vars, ...bindings }).map(
    ([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`,
  );
  const others = Object.entries(services ?? {}).map(([name, { name: target, entrypoint }]) => {
    const designator = entrypoint === undefined ? "" : `, entrypoint = ${quote(entrypoint)}`;
    return `(name = ${quote(name)}, service = (name = ${quote(target)}${designator}))`;
  });
  return [
    `modules = [${modules.join(", ")}]`,
    `compatibilityDate = ${quote(bundle.compatibilityDate)}`,
    `compatibilityFlags = [${bundle.compatibilityFlags.map(quote).join(", ")}]`,
    `bindings = [${[...texts, ...others].join(", ")}]`,
  ];
}

function service(name: string, fields: string[]): string {
  return `(name = ${quote(name)}, worker = (${fields.join(", ")}))`;
}

function socket(name: string, port: number, target: string): string {
  return `(name = ${quote(name)}, address = "127.0.0.1:${port}", http = (), service = ${quote(target)})`;
}

/** A Cap'n Proto text literal: bytes outside printable ASCII as \xNN. */
function quote(text: string): string {
  let literal = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    literal += isPlain ? String.fromCodePoint(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${literal}"`;
}
