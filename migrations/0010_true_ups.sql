-- A line of an invoice that corrects what an earlier period was billed: the start of that period; null for the invoice's own.
alter table invoice_lines add column true_up_of timestamptz;

-- What a customer's period was billed by, void or not.
create index invoices_of_customer_period on invoices (customer_id, period_start);
