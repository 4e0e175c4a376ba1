import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { grouped, money } from "../printed.ts";
import type { PriceCurve } from "../price-curve.ts";
import { round, shortNumber } from "./bar-chart.tsx";

const WIDTH = 420;
const HEIGHT = 210;
const LEFT = 52;
const BOTTOM = 36;
const TOP = 10;

interface CurveProps {
  label: string;
  unit: string;
  currency: string;
  curve: PriceCurve;
}

/** Cost over quantity; tiers' ends are dashed. Numbers are for drawing only. */
export function CurveChart({ label, unit, currency, curve }: CurveProps) {
  const numbers = curve.points.map(({ quantity, amount }) => [Number(quantity), Number(amount)] as const);
  const x = scaleLinear()
    .domain([0, Math.max(...numbers.map(([quantity]) => quantity))])
    .range([LEFT, WIDTH - 8]);
  const y = scaleLinear()
    .domain([0, Math.max(1, ...numbers.map(([, amount]) => amount))])
    .nice(4)
    .range([HEIGHT - BOTTOM, TOP]);
  const path = line<readonly [number, number]>()
    .x(([quantity]) => round(x(quantity)))
    .y(([, amount]) => round(y(amount)))(numbers);
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} data-chart="curve">
      <g aria-hidden="true">
        {y.ticks(4).map((tick) => (
          <>
            <line class="axis" x1={LEFT} x2={WIDTH} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {shortNumber(tick)}
            </text>
          </>
        ))}
        {x.ticks(4).map((tick) => (
          <text x={round(x(tick))} y={HEIGHT - BOTTOM + 16} text-anchor="middle">
            {shortNumber(tick)}
          </text>
        ))}
        <text x={WIDTH - 8} y={HEIGHT - 4} text-anchor="end">
          {unit}
        </text>
      </g>
      <Edges bounds={curve.bounds.map((bound) => round(x(Number(bound))))} />
      <path class="l0" d={path ?? ""} />
      {curve.points.map(({ quantity, amount }, index) => (
        <circle
          class="hit"
          cx={round(x(numbers[index]?.[0] ?? 0))}
          cy={round(y(numbers[index]?.[1] ?? 0))}
          r="6"
          data-tip={`${grouped(quantity)} ${unit}: ${money(amount, currency)}`}
        />
      ))}
    </svg>
  );
}

function Edges({ bounds }: { bounds: readonly number[] }) {
  return (
    <>
      {bounds.map((bound) => (
        <line class="edge" x1={bound} x2={bound} y1={TOP} y2={HEIGHT - BOTTOM} />
      ))}
    </>
  );
}
