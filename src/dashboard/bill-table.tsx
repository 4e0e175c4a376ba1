import type { Child } from "hono/jsx";
import type { LineDocument } from "../rating/printed-line.ts";
import { Day } from "./moment.tsx";
import { grouped, money, unitPrice } from "./printed.ts";

interface BillProps {
  lines: readonly LineDocument[];
  total: string;
  currency: string;
  /** The address that tells why a line has its amount. */
  why?: (ref: string) => string;
}

/** The lines of an invoice, each with its tiers; they add up to the total. */
export function BillTable({ lines, total, currency, why }: BillProps) {
  return (
    <div class="scroll" role="region" aria-label="Lines" tabindex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col" class="n">
              Quantity
            </th>
            <th scope="col" class="n">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr>
              <td class="wide">
                {line.description}
                {line.trueUpOf !== undefined && (
                  <div class="minor">
                    Corrects the period from <Day at={line.trueUpOf} />
                  </div>
                )}
                <Tiers line={line} currency={currency} />
                {why !== undefined && <Why href={why(line.ref)} />}
              </td>
              <td class="n">{grouped(line.quantity)}</td>
              <td class="n">{money(line.amount, currency)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td>Total</td>
            <td />
            <td class="n">{money(total, currency)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Why({ href }: { href: string }): Child {
  return (
    <div class="minor noprint">
      <a href={href}>Why this amount?</a>
    </div>
  );
}

function Tiers({ line, currency }: { line: LineDocument; currency: string }): Child {
  if (line.tiers.length === 0) {
    return <></>;
  }
  return (
    <details>
      <summary>Tier by tier</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Tier</th>
            <th scope="col" class="n">
              Quantity
            </th>
            <th scope="col" class="n">
              Price
            </th>
            <th scope="col" class="n">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {line.tiers.map((tier) => (
            <tr>
              <td>
                {grouped(tier.from)} – {tier.to === null ? "∞" : grouped(tier.to)}
              </td>
              <td class="n">{grouped(tier.quantity)}</td>
              <td class="n">
                {tier.packages === undefined
                  ? unitPrice(tier.unitPrice, currency)
                  : `${grouped(tier.packages.count)} × ${unitPrice(tier.packages.price, currency)}`}
                {tier.flatFee !== undefined && ` + ${unitPrice(tier.flatFee, currency)}`}
              </td>
              <td class="n">{money(tier.amount, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
