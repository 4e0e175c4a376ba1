import { Notice } from "./notice.tsx";

/** Shows a secret the one time that it is shown. */
export function SecretNotice({ what, secret }: { what: string; secret: string | undefined }) {
  return secret === undefined ? (
    <></>
  ) : (
    <Notice tone="good">
      <p>
        <strong>The {what} is shown only now:</strong> keep it where you keep secrets.
      </p>
      <p>
        <code>{secret}</code>
      </p>
    </Notice>
  );
}
