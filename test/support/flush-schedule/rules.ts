/** Rules without which a schedule loses or doubles something; a test leaves out one at a time. */
export const RULES = [
  "a claim clears the dirty mark",
  "abandoned claims are taken over",
  "a claim is let go of by its own id alone",
  "a lower version never replaces a higher one",
  "each life of a bucket has an epoch of its own",
  "a Redis behind the ledger gives out no claims",
  "a number is of one claim",
  "a claim tells the line it is of",
  "the ledger keeps the line of a claim",
  "a fence lies above claims on their way",
  "what shows a set back is kept",
  "a fence begins buckets anew",
  "a fence raises the numbers",
  "claims from before a fence are not written",
  "a second fence needs a new reason",
  "no claims while a fence is open",
  "a pass is over one copy",
] as const;
export type Rule = (typeof RULES)[number];
