import { isoTime } from "../domain/window.ts";
import { EMAIL_TARGET } from "../ledger/delivery-making.ts";
import type { NotificationRow } from "../ledger/notification-list.ts";
import type { WebhookEndpoint } from "../ledger/webhook-endpoints.ts";
import { Empty } from "./card.tsx";
import { Form } from "./form.tsx";
import { Moment } from "./moment.tsx";
import { StatusTag } from "./status-tag.tsx";
import { Table } from "./table.tsx";
import type { View } from "./view.ts";

/** Endpoints and what can be done with each. */
export function EndpointTable({ view, endpoints }: { view: View; endpoints: readonly WebhookEndpoint[] }) {
  if (endpoints.length === 0) {
    return <Empty title="No endpoints">Nothing is sent by webhook.</Empty>;
  }
  return (
    <Table
      label="Endpoints"
      rows={endpoints}
      columns={[
        {
          name: "Address",
          cell: ({ url, customerId }) => (
            <div class="wide">
              {url}
              <div class="minor">{customerId === null ? "of every customer" : `of ${customerId}`}</div>
            </div>
          ),
        },
        { name: "Types", cell: ({ types }) => (types === null ? "all" : types.join(", ")) },
        { name: "State", cell: (endpoint) => <EndpointState endpoint={endpoint} /> },
        { name: "Since", cell: ({ createdMs }) => <Moment at={isoTime(createdMs)} /> },
        { name: "", cell: (endpoint) => <EndpointActions view={view} endpoint={endpoint} /> },
      ]}
    />
  );
}

function EndpointState({
  endpoint: { disabledMs, disabledReason, slowSinceMs },
}: {
  endpoint: WebhookEndpoint;
}) {
  if (disabledMs !== null) {
    return <span class="tag bad">off: {disabledReason ?? ""}</span>;
  }
  return slowSinceMs === null ? <span class="tag good">on</span> : <span class="tag warn">no answer</span>;
}

function EndpointActions({ view, endpoint }: { view: View; endpoint: WebhookEndpoint }) {
  if (view.session.scope !== "admin") {
    return <></>;
  }
  const address = `/webhook-endpoints/${encodeURIComponent(endpoint.endpointId)}`;
  const actions = [
    ["test", "Test", undefined],
    ["rotate", "Rotate secret", "Make a new signing secret? The one before signs too for a day."],
    ...(endpoint.disabledMs === null ? [] : [["enable", "Switch on", undefined] as const]),
    ["delete", "Delete", `Delete the endpoint ${endpoint.url}?`],
  ] as const;
  return (
    <div class="actions">
      {actions.map(([action, label, question]) => (
        <Form
          view={view}
          action={`${address}/${action}`}
          {...(question !== undefined && { confirm: question, yes: label })}
        >
          <button class="quiet small" type="submit">
            {label}
          </button>
        </Form>
      ))}
    </div>
  );
}

/** What was told, and how far each delivery has come. */
export function NotificationTable({
  view,
  notifications,
}: {
  view: View;
  notifications: readonly NotificationRow[];
}) {
  if (notifications.length === 0) {
    return <Empty title="Nothing was told yet" />;
  }
  return (
    <Table
      label="Notifications"
      rows={notifications}
      columns={[
        { name: "When", cell: ({ createdMs }) => <Moment at={isoTime(createdMs)} /> },
        { name: "Type", cell: ({ type }) => type },
        { name: "Customer", cell: ({ customerId }) => customerId ?? "" },
        { name: "Deliveries", cell: (row) => <Deliveries row={row} /> },
        { name: "", cell: (row) => <Redeliver view={view} row={row} /> },
      ]}
    />
  );
}

function Deliveries({ row: { deliveries, addressedMs } }: { row: NotificationRow }) {
  if (deliveries.length === 0) {
    return <span class="minor">{addressedMs === null ? "with the next tick" : "nobody takes it"}</span>;
  }
  return (
    <>
      {deliveries.map(({ target, state, attempts, status, failure }) => (
        <div>
          <StatusTag status={state} />{" "}
          <span class="minor">
            {target === EMAIL_TARGET ? "e-mail" : "webhook"}, {attempts} attempts
            {status !== null && `, ${status}`}
            {failure !== null && `, ${failure}`}
          </span>
        </div>
      ))}
    </>
  );
}

function Redeliver({ view, row }: { view: View; row: NotificationRow }) {
  if (view.session.scope !== "admin" || row.deliveries.length === 0) {
    return <></>;
  }
  return (
    <Form view={view} action={`/webhooks/notifications/${encodeURIComponent(row.notificationId)}/redeliver`}>
      <button class="quiet small" type="submit">
        Deliver again
      </button>
    </Form>
  );
}
