import { scaleLinear } from "d3-scale";
import { area, line } from "d3-shape";
import { round } from "./bar-chart.tsx";

const WIDTH = 220;
const HEIGHT = 44;

/** A small line without axes: how a number went. Values are decimal strings, drawn only. */
export function Trend({ label, values }: { label: string; values: readonly string[] }) {
  const numbers = values.map(Number);
  const x = scaleLinear()
    .domain([0, Math.max(1, numbers.length - 1)])
    .range([2, WIDTH - 2]);
  const y = scaleLinear()
    .domain([0, Math.max(1, ...numbers)])
    .range([HEIGHT - 3, 4]);
  const place = (_: number, index: number): number => round(x(index));
  const height = (value: number): number => round(y(value));
  return (
    <svg
      class="trend"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      <path
        class="f0"
        fill-opacity="0.14"
        d={area<number>().x(place).y0(height(0)).y1(height)(numbers) ?? ""}
      />
      <path class="l0" d={line<number>().x(place).y(height)(numbers) ?? ""} />
    </svg>
  );
}
