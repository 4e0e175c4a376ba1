export interface StripeErrorBody {
  type: "invalid_request_error" | "idempotency_error" | "card_error" | "api_error";
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  doc_url?: string;
}

/**
 * How far a failed request got: `refused` never began (nothing kept, its idempotency key stays free), `failed` began
 * and is undone but remembered under its key, `applied` keeps its changes and is remembered.
 */
export type FailureStage = "refused" | "failed" | "applied";

/** An answer other than 200, in Stripe's error shape. */
export class StripeFailure extends Error {
  readonly status: number;
  readonly error: StripeErrorBody;
  readonly stage: FailureStage;

  constructor(status: number, error: StripeErrorBody, stage: FailureStage) {
    super(error.message);
    this.name = "StripeFailure";
    this.status = status;
    this.error = error.code === undefined ? error : { ...error, doc_url: docUrl(error.code) };
    this.stage = stage;
  }
}

function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}`;
}

/** A parameter of the wrong form; the request has not begun. */
export function invalidParameter(param: string, message: string, code?: string): StripeFailure {
  return new StripeFailure(
    400,
    { type: "invalid_request_error", message, param, ...(code !== undefined && { code }) },
    "refused",
  );
}

export function unknownParameter(param: string): StripeFailure {
  return invalidParameter(param, `Received unknown parameter: ${param}`, "parameter_unknown");
}

export function missingParameter(param: string): StripeFailure {
  return invalidParameter(param, `Missing required param: ${param}.`, "parameter_missing");
}

export function exclusiveParameters(param: string, names: readonly string[]): StripeFailure {
  return invalidParameter(
    param,
    `You may only specify one of these parameters: ${names.join(", ")}.`,
    "parameters_exclusive",
  );
}

/** A parameter that Stripe takes and this endpoint would have to ignore: it says so instead. */
export function notImplemented(param: string): StripeFailure {
  return invalidParameter(param, `The local Stripe does not implement the parameter ${param}.`);
}

/** An id that names nothing: 404 when it came in the path, 400 when it came as a parameter. */
export function resourceMissing(noun: string, id: string, param: string, status: 400 | 404): StripeFailure {
  return new StripeFailure(
    status,
    { type: "invalid_request_error", message: `No such ${noun}: '${id}'`, param, code: "resource_missing" },
    "failed",
  );
}

/** A request that is well formed and that the object's state does not allow. */
export function stateRefused(message: string, more: { code?: string; param?: string } = {}): StripeFailure {
  return new StripeFailure(400, { type: "invalid_request_error", message, ...more }, "failed");
}
