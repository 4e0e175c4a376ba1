import { scaleBand, scaleLinear } from "d3-scale";
import { money } from "../printed.ts";
import { round } from "./bar-chart.tsx";

const WIDTH = 860;
const ROW = 26;
const LEFT = 230;
const RIGHT = 110;
const MAX_NAME = 30;

/** Who pays how much more or less; `difference` in major units. */
export interface Difference {
  customerId: string;
  difference: string;
}

interface DifferenceProps {
  label: string;
  currency: string;
  differences: readonly Difference[];
}

/** A bar for each customer whose bill changes, less to the left, more to the right. */
export function DifferenceChart({ label, currency, differences }: DifferenceProps) {
  const most = Math.max(1, ...differences.map(({ difference }) => Math.abs(Number(difference))));
  const height = differences.length * ROW + 8;
  const x = scaleLinear()
    .domain([-most, most])
    .range([LEFT, WIDTH - RIGHT]);
  const y = scaleBand()
    .domain(differences.map((_, index) => String(index)))
    .range([4, height - 4])
    .padding(0.3);
  return (
    <div class="wide-chart" role="region" aria-label={label} tabindex={0}>
      <svg
        class="chart"
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={label}
        data-chart="differences"
      >
        {differences.map(({ customerId, difference }, index) => {
          const value = Number(difference);
          const top = round(y(String(index)) ?? 0);
          const middle = top + y.bandwidth() / 2 + 4;
          const text = `${value > 0 ? "+" : ""}${money(difference, currency)}`;
          return (
            <g data-tip={`${customerId}: ${text}`}>
              <text x={LEFT - 12} y={middle} text-anchor="end">
                {customerId.length > MAX_NAME ? `${customerId.slice(0, MAX_NAME - 1)}…` : customerId}
              </text>
              <rect
                class={value < 0 ? "less" : "more"}
                x={round(Math.min(x(0), x(value)))}
                y={top}
                width={round(Math.max(1, Math.abs(x(value) - x(0))))}
                height={round(y.bandwidth())}
                rx="2"
              />
              <text x={WIDTH} y={middle} text-anchor="end">
                {text}
              </text>
            </g>
          );
        })}
        <line class="axis base" x1={x(0)} x2={x(0)} y1="0" y2={height} />
      </svg>
    </div>
  );
}
