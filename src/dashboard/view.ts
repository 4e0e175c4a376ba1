import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import type { ApiCalls } from "./api-calls.ts";
import type { Session } from "./session.ts";

/** What each page is made with. */
export interface View {
  deps: Deps;
  api: ApiCalls;
  session: Session;
  nowMs: number;
  /** Goes with every form. */
  csrf: string;
  /** Path and query of the page. */
  address: string;
}

/** The environment of the dashboard's routes. */
export interface DashboardEnv {
  Bindings: { requestId: string };
  Variables: { view: View };
}

export type DashboardContext = Context<DashboardEnv>;
