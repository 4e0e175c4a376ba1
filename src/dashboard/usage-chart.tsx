import type { Meter } from "../domain/meter.ts";
import { BarChart, Legend } from "./charts/bar-chart.tsx";
import { Empty } from "./card.tsx";
import { Choice } from "./form.tsx";
import { grouped } from "./printed.ts";
import type { ChartData } from "./usage-reading.ts";

/** Ranges that charts can show. */
export const RANGES = { "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days" } as const;
export type Range = keyof typeof RANGES;

/** What of a chart can be chosen, as it stands in the address. */
export interface ChartChoice {
  meter: Meter;
  range: Range;
  by: string | undefined;
}

interface UsageChartProps {
  meters: readonly Meter[];
  choice: ChartChoice;
  data: ChartData;
  /** What else of the address is kept. */
  kept?: Record<string, string>;
  action: string;
}

/** Usage by day, with what is shown of it to choose; the numbers stand beside the picture for who cannot see it. */
export function UsageChart({ meters, choice, data, kept = {}, action }: UsageChartProps) {
  const { meter } = choice;
  const hasUsage = data.series.some(({ points }) => points.some(({ value }) => value !== "0"));
  return (
    <>
      <form class="filters" method="get" action={action}>
        {Object.entries(kept).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <Choice
          name="metric"
          label="Metric"
          value={meter.name}
          isAuto
          options={meters.map(({ name, displayName }) => [name, displayName])}
        />
        <Choice name="range" label="Time" value={choice.range} isAuto options={Object.entries(RANGES)} />
        {meter.dimensions.length > 0 && (
          <Choice
            name="by"
            label="Group by"
            value={choice.by ?? ""}
            isAuto
            options={[["", "Nothing"], ...meter.dimensions.map((name) => [name, name] as const)]}
          />
        )}
        <button class="quiet" type="submit">
          Show
        </button>
      </form>
      {hasUsage ? (
        <>
          <BarChart
            label={`${meter.displayName} per day, ${RANGES[choice.range].toLowerCase()}`}
            unit={meter.unit}
            series={data.series}
          />
          {choice.by !== undefined && <Legend names={data.series.map(({ name }) => name)} />}
          {data.leftOut > 0 && <p class="minor">{data.leftOut} smaller groups are left out.</p>}
          <Numbers data={data} unit={meter.unit} />
        </>
      ) : (
        <Empty title="No usage in this time" />
      )}
    </>
  );
}

function Numbers({ data, unit }: { data: ChartData; unit: string }) {
  const starts = (data.series[0]?.points ?? []).map(({ start }) => start);
  return (
    <details class="noprint">
      <summary>The same in numbers</summary>
      <div class="scroll" role="region" aria-label="Usage in numbers" tabindex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {data.series.map(({ name }) => (
                <th scope="col" class="n">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {starts.map((start, index) => (
              <tr>
                <td>{start.slice(0, 10)}</td>
                {data.series.map(({ points }) => (
                  <td class="n">{grouped(points[index]?.value ?? "0")}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="minor">In {unit}, by days of UTC.</p>
    </details>
  );
}
