import type { Child } from "hono/jsx";

interface CardProps {
  title: string;
  /** Columns of twelve on a wide screen. */
  width?: 3 | 4 | 5 | 6 | 7 | 8 | 12;
  note?: Child;
  children?: Child;
}

/** A titled part of a page. */
export function Card({ title, width = 12, note, children }: CardProps) {
  return (
    <section class={`card w${width}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {note !== undefined && <span class="note">{note}</span>}
      </header>
      {children}
    </section>
  );
}

interface StatProps {
  label: string;
  value: Child;
  note?: Child;
  width?: 3 | 4 | 6;
}

/** One number that matters. */
export function Stat({ label, value, note, width = 3 }: StatProps) {
  return (
    <section class={`card stat w${width}`} aria-label={label}>
      <span class="label">{label}</span>
      <span class="value">{value}</span>
      {note !== undefined && <span class="note">{note}</span>}
    </section>
  );
}

/** What stands where there is nothing yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}
