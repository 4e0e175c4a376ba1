-- The dashboard looks customers up by the beginning of their names or ids, and lists them by either.

create index customers_by_name on customers
  ((lower(coalesce(settings ->> 'name', customer_id)) collate "C"), (customer_id collate "C")) where deleted_at is null;
create index customers_by_id on customers ((customer_id collate "C")) where deleted_at is null;
