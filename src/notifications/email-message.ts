import type { EmailContent } from "./email-content.ts";

/** A message as Cloudflare's `send_email` binding takes it. */
export interface EmailMessage {
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

const BAR_LENGTH = 20;

/** The plain text of an e-mail. */
export function emailText({ subject, greeting, rows, percentUsed, link }: EmailContent): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return [
    greeting,
    "",
    subject,
    "",
    ...(percentUsed === undefined ? [] : [`${bar(percentUsed)} ${percentUsed} %`, ""]),
    ...rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    ...(link === undefined ? [] : ["", `See your usage: ${link}`]),
    "",
  ].join("\n");
}

function bar(percentUsed: bigint): string {
  const full = Number((shown(percentUsed) * BigInt(BAR_LENGTH)) / 100n);
  return `[${"#".repeat(full).padEnd(BAR_LENGTH, "-")}]`;
}

/** What is more than all fills the bar. */
function shown(percentUsed: bigint): bigint {
  return percentUsed > 100n ? 100n : percentUsed;
}

/** The HTML of an e-mail: tables and inline styles, which every mail client shows; all that is said is escaped. */
export function emailHtml({ subject, greeting, rows, percentUsed, link }: EmailContent): string {
  const cells = rows.map(
    ([label, value]) =>
      `<tr><td style="padding:4px 16px 4px 0;color:#555">${escaped(label)}</td><td style="padding:4px 0">${escaped(value)}</td></tr>`,
  );
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>`,
    '<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff">',
    `<p>${escaped(greeting)}</p>`,
    `<h1 style="font-size:20px;margin:0 0 16px">${escaped(subject)}</h1>`,
    ...(percentUsed === undefined ? [] : [barTable(percentUsed)]),
    `<table role="presentation" style="border-collapse:collapse">${cells.join("")}</table>`,
    ...(link === undefined ? [] : [`<p><a href="${escaped(link)}">See your usage</a></p>`]),
    "</body></html>",
    "",
  ].join("\n");
}

function barTable(percentUsed: bigint): string {
  const full = shown(percentUsed);
  const color = percentUsed >= 100n ? "#b3261e" : "#1a56b0";
  return (
    `<p style="margin:0 0 4px">${percentUsed} %</p>` +
    '<table role="presentation" style="width:320px;border-collapse:collapse;margin:0 0 16px"><tr>' +
    `${cell(full, color)}${cell(100n - full, "#ddd")}</tr></table>`
  );
}

function cell(percent: bigint, color: string): string {
  return percent === 0n
    ? ""
    : `<td style="width:${percent}%;height:12px;background:${color};font-size:0">&nbsp;</td>`;
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
