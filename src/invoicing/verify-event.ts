import type Stripe from "stripe";

/**
 * The event of a signed request; undefined when the signature is not right, or older than Stripe's tolerance of five
 * minutes. `body` is what was received, byte for byte.
 */
export async function verifyEvent(
  stripe: Stripe,
  secret: string,
  body: Uint8Array,
  signature: string,
  nowMs: number,
): Promise<Stripe.Event | undefined> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return await stripe.webhooks.constructEventAsync(text, signature, secret, undefined, undefined, nowMs);
  } catch (error) {
    const isRefused =
      error instanceof TypeError ||
      error instanceof SyntaxError ||
      (error instanceof Error && "type" in error && error.type === "StripeSignatureVerificationError");
    if (isRefused) {
      return undefined;
    }
    throw error;
  }
}
