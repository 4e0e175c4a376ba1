/** A moment; made local by the script, with UTC on hover. `at` is ISO 8601 UTC. */
export function Moment({ at }: { at: string }) {
  const text = `${at.slice(0, 16).replace("T", " ")} UTC`;
  return (
    <time class="nowrap" datetime={at} title={text}>
      {text}
    </time>
  );
}

/** A day of UTC, which is nobody's local time. */
export function Day({ at }: { at: string }) {
  return (
    <time class="nowrap" datetime={at.slice(0, 10)} data-kind="date" title={`${at.slice(0, 10)} in UTC`}>
      {at.slice(0, 10)}
    </time>
  );
}

/** A period as people say it: its last day is in it. Both are ISO 8601 UTC, `end` exclusive. */
export function Span({ start, end }: { start: string; end: string }) {
  const last = new Date(Date.parse(end) - 1).toISOString();
  return (
    <span>
      <Day at={start} /> – <Day at={last} />
    </span>
  );
}
