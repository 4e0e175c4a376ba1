interface ShareBarProps {
  percent: number;
  label: string;
  /** How bad it is to be past the whole: what is over an allowance is charged, what is over a budget is trouble. */
  over: "warn" | "bad";
}

/** How much of a whole is used; past the whole the bar is full and says so by its colour. */
export function ShareBar({ percent, label, over }: ShareBarProps) {
  const tone = percent >= 100 ? over : over === "bad" && percent >= 80 ? "warn" : "";
  return (
    <svg class="bar" width="100%" height="8" role="img" aria-label={label}>
      <rect class="track" width="100%" height="8" rx="4" />
      {percent > 0 && <rect class={`fill ${tone}`} width={`${Math.min(100, percent)}%`} height="8" rx="4" />}
    </svg>
  );
}
