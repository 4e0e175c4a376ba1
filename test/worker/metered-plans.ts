/** 10 free calls, then 10 cents each. */
export const METERED = {
  baseFee: "30.00",
  prices: [{ metricName: "api_calls", model: "perUnit", unitPrice: "10", includedFree: 10 }],
};
/** 5 cents a call, from the 101st on 2; a maximum for the month. */
export const TIERED = {
  baseFee: "60.00",
  maxSpend: "3000.00",
  prices: [
    {
      metricName: "api_calls",
      model: "graduated",
      tiers: [
        { upTo: 100, unitPrice: "5" },
        { upTo: null, unitPrice: "2" },
      ],
    },
  ],
};
