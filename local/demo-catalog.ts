/** The catalog a new local stack is given: `payg` by use, and `flat99`, what the platform charged before. */
export const demoCatalog = {
  currency: "usd",
  defaultPlan: "payg",
  meters: [
    {
      name: "api_calls",
      displayName: "API Calls",
      unit: "calls",
      aggregation: "sum",
      scale: 0,
      dimensions: ["region"],
    },
    {
      name: "storage_gb",
      displayName: "Storage",
      unit: "GB",
      aggregation: "max",
      scale: 3,
      dimensions: [],
    },
    {
      name: "compute_seconds",
      displayName: "Compute Time",
      unit: "seconds",
      aggregation: "sum",
      scale: 3,
      dimensions: [],
    },
    {
      name: "seats",
      displayName: "Seats",
      unit: "seats",
      aggregation: "max",
      scale: 0,
      dimensions: [],
    },
  ],
  plans: [
    { name: "flat99", displayName: "Flat 99", baseFee: "99.00", prices: [] },
    {
      name: "payg",
      displayName: "Pay as you go",
      baseFee: "0.00",
      prices: [
        {
          metricName: "api_calls",
          model: "graduated",
          includedFree: 10_000,
          tiers: [
            { upTo: 10_000, unitPrice: "0" },
            { upTo: 100_000, unitPrice: "0.1" },
            { upTo: 1_000_000, unitPrice: "0.05" },
            { upTo: null, unitPrice: "0.02" },
          ],
        },
        {
          metricName: "storage_gb",
          model: "graduated",
          includedFree: 5,
          tiers: [
            { upTo: 5, unitPrice: "0" },
            { upTo: 100, unitPrice: "25" },
            { upTo: null, unitPrice: "15" },
          ],
        },
        {
          metricName: "compute_seconds",
          model: "graduated",
          includedFree: 3600,
          tiers: [
            { upTo: 3600, unitPrice: "0" },
            { upTo: null, unitPrice: "0.5" },
          ],
        },
        {
          metricName: "seats",
          model: "graduated",
          includedFree: 3,
          tiers: [
            { upTo: 3, unitPrice: "0" },
            { upTo: 50, unitPrice: "1500" },
            { upTo: null, unitPrice: "1200" },
          ],
        },
      ],
    },
  ],
};
