import type { Child } from "hono/jsx";
import type { View } from "./view.ts";

interface FormProps {
  view: View;
  action: string;
  /** Asked before it is sent. */
  confirm?: string;
  /** The word for yes. */
  yes?: string;
  children?: Child;
}

/** A form that changes something: it carries the session's token, and can ask first. */
export function Form({ view, action, confirm, yes, children }: FormProps) {
  return (
    <form method="post" action={action} data-confirm={confirm} data-yes={yes}>
      <input type="hidden" name="_csrf" value={view.csrf} />
      {children}
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  hint?: string;
  value?: string | undefined;
  type?: string;
  inputmode?: "decimal" | "numeric";
  required?: boolean;
  placeholder?: string;
}

/** One labelled field. */
export function Field({ name, label, hint, value, type = "text", ...rest }: FieldProps) {
  return (
    <label>
      {label}
      {hint !== undefined && <span class="hint">{hint}</span>}
      <input name={name} type={type} value={value ?? ""} autocomplete="off" {...rest} />
    </label>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  hint?: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  /** Sends the form when another is chosen, where there is a script. */
  isAuto?: boolean;
}

/** One of a few. */
export function Choice({ name, label, hint, value, options, isAuto }: ChoiceProps) {
  return (
    <label>
      {label}
      {hint !== undefined && <span class="hint">{hint}</span>}
      <select name={name} data-auto-submit={isAuto ? "" : undefined}>
        {options.map(([option, text]) => (
          <option value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
