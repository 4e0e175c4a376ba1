import type { CustomerSettings } from "../domain/customer.ts";
import type { Plan } from "../rating/catalog.ts";
import type { Problem } from "./api-calls.ts";
import { Choice, Field } from "./form.tsx";

/** What stands in a form's fields. */
export type FormValues = Record<string, string>;

/** Fields that are text in the form and in the document. */
const TEXTS = ["name", "email", "stripeCustomerId", "plan", "budget", "collectionMethod"] as const;
const NUMBERS = ["billingAnchorDay", "daysUntilDue"] as const;
const DOCUMENTS = ["prices", "metadata"] as const;

/** Prints settings into the fields of the form. */
export function valuesOf(settings: CustomerSettings): FormValues {
  const printed = [...TEXTS, ...NUMBERS].map((name) => [name, String(settings[name] ?? "")] as const);
  const documents = DOCUMENTS.map((name) => {
    const value = settings[name];
    return [name, value === undefined ? "" : JSON.stringify(value, null, 2)] as const;
  });
  return Object.fromEntries([...printed, ...documents]);
}

/** The document that a form asks to put; what it says is the API's to judge, but for what is no JSON at all. */
export function settingsOf(values: FormValues): { document: object } | { problem: Problem } {
  const document: Record<string, unknown> = {};
  for (const name of [...TEXTS, ...NUMBERS]) {
    const text = (values[name] ?? "").trim();
    if (text !== "") {
      document[name] = NUMBERS.some((number) => number === name) ? Number(text) : text;
    }
  }
  for (const name of DOCUMENTS) {
    const text = (values[name] ?? "").trim();
    try {
      if (text !== "") {
        document[name] = JSON.parse(text) as unknown;
      }
    } catch {
      const errors = [{ path: name, message: "must be JSON" }];
      return {
        problem: {
          title: "The customer is not valid",
          detail: "nothing was saved",
          code: "invalid_content",
          errors,
        },
      };
    }
  }
  return { document };
}

interface FieldsProps {
  isNew: boolean;
  values: FormValues;
  plans: readonly Plan[];
}

/** The fields of a customer. */
export function CustomerFields({ isNew, values, plans }: FieldsProps) {
  return (
    <div class="fields">
      {isNew && (
        <Field
          name="id"
          label="Id"
          hint="As events name the customer; it never changes"
          value={values["id"] ?? ""}
          required
        />
      )}
      <Field name="name" label="Name" value={values["name"]} />
      <Choice
        name="plan"
        label="Plan"
        hint="Another plan takes effect at the next full hour"
        value={values["plan"] ?? ""}
        options={[
          ["", "The catalog's default"],
          ...plans.map(({ name, displayName }) => [name, `${displayName} (${name})`] as const),
        ]}
      />
      <Field
        name="budget"
        label="Budget"
        hint="A month, in the catalog's currency; empty for none"
        value={values["budget"]}
        inputmode="decimal"
      />
      <Field name="email" label="E-mail" type="email" hint="Where alerts are sent" value={values["email"]} />
      <BillingFields values={values} />
      <DocumentField name="prices" label="Own prices" hint={PRICES_HINT} values={values} />
      <DocumentField name="metadata" label="Metadata" hint="A JSON object of texts" values={values} />
      <div class="actions">
        <button type="submit">{isNew ? "Create" : "Save"}</button>
      </div>
    </div>
  );
}

const PRICES_HINT = "A JSON list as in the catalog; each takes the place of the plan's";

function BillingFields({ values }: { values: FormValues }) {
  return (
    <>
      <Field
        name="stripeCustomerId"
        label="Stripe customer"
        hint="cus_…; invoices wait until there is one"
        value={values["stripeCustomerId"]}
      />
      <Field
        name="billingAnchorDay"
        label="Billing day"
        hint="1 to 31; another one holds from the end of the running period"
        value={values["billingAnchorDay"]}
        inputmode="numeric"
      />
      <Choice
        name="collectionMethod"
        label="Collection"
        value={values["collectionMethod"] ?? ""}
        options={[
          ["", "Automatically (default)"],
          ["charge_automatically", "Automatically"],
          ["send_invoice", "By invoice"],
        ]}
      />
      <Field
        name="daysUntilDue"
        label="Days until due"
        hint="With collection by invoice"
        value={values["daysUntilDue"]}
        inputmode="numeric"
      />
    </>
  );
}

interface DocumentFieldProps {
  name: string;
  label: string;
  hint: string;
  values: FormValues;
}

function DocumentField({ name, label, hint, values }: DocumentFieldProps) {
  return (
    <label>
      {label}
      <span class="hint">{hint}</span>
      <textarea name={name} spellcheck={false}>
        {values[name] ?? ""}
      </textarea>
    </label>
  );
}
