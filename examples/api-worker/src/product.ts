import type { MeterBinding } from "../../../src/edge/transport.ts";

/** What every request of the product carries: its bindings, and who it is for once that is known. */
export interface Product {
  Bindings: { METER: MeterBinding; REPLAY?: string };
  Variables: {
    /** Whose request it is; absent until authenticated. */
    customerId?: string;
    /** API calls the request counts as; 1 when absent. */
    units?: number | string;
  };
}
