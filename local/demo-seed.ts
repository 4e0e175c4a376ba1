import { demoCatalog } from "./demo-catalog.ts";

const CUSTOMERS = [
  { id: "cus_acme", name: "Acme", email: "billing@acme.example", plan: "payg" },
  { id: "cus_globex", name: "Globex", email: "billing@globex.example", plan: "payg" },
  { id: "cus_initech", name: "Initech", email: "billing@initech.example", plan: "flat99" },
];

interface Addresses {
  workerUrl: string;
  adminKey: string;
  stripeUrl: string;
  stripeKey: string;
}

/** Publishes the demo catalog if there is none, and makes the demo customers that are not there yet. */
export async function seedDemo(stack: Addresses, print: (line: string) => void): Promise<void> {
  if (await isCatalogEmpty(stack)) {
    await put(stack, "/v1/catalog", demoCatalog);
    print("Published the demo catalog: plans payg and flat99.");
  }
  for (const customer of CUSTOMERS) {
    // eslint-disable-next-line no-await-in-loop -- three, once
    await seedCustomer(stack, customer, print);
  }
}

async function isCatalogEmpty(stack: Addresses): Promise<boolean> {
  const response = await ask(stack, "GET", "/v1/catalog");
  if (response.status === 404) {
    return true;
  }
  const catalog = (await readOk(response)) as { meters?: unknown[]; catalog?: { meters?: unknown[] } };
  return (catalog.meters ?? catalog.catalog?.meters ?? []).length === 0;
}

async function seedCustomer(
  stack: Addresses,
  { id, ...settings }: (typeof CUSTOMERS)[number],
  print: (line: string) => void,
): Promise<void> {
  const present = await ask(stack, "GET", `/v1/customers/${id}`);
  if (present.status !== 404) {
    await readOk(present);
    return;
  }
  const response = await fetch(`${stack.stripeUrl}/v1/customers`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.stripeKey}` },
    body: new URLSearchParams({ name: settings.name, email: settings.email, "metadata[customerId]": id }),
  });
  const { id: stripeCustomerId } = (await readOk(response)) as { id: string };
  await put(stack, `/v1/customers/${id}`, { ...settings, stripeCustomerId });
  print(`Made the demo customer ${id} (${settings.plan}), in Stripe ${stripeCustomerId}.`);
}

async function put(stack: Addresses, path: string, body: unknown): Promise<void> {
  await readOk(await ask(stack, "PUT", path, JSON.stringify(body)));
}

function ask(stack: Addresses, method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${stack.workerUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${stack.adminKey}`, "content-type": "application/json" },
    ...(body !== undefined && { body }),
  });
}

async function readOk(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${response.url} answered ${response.status}: ${text}`);
  }
  return JSON.parse(text);
}
