-- Why a version was published, and from when it prices: at once, or only the periods that start after its publication.
alter table catalog_versions
  add column reason text,
  add column effective text not null default 'now' check (effective in ('now', 'nextPeriod'));

-- Customers whose documents hold amounts in the catalog's currency: it cannot change under them.
create index customers_in_currency on customers (deleted_at nulls first)
  where settings ? 'budget' or settings ? 'prices';
-- Customers by the meters that they have own prices for.
create index customers_own_prices on customers using gin ((settings -> 'prices') jsonb_path_ops)
  where settings ? 'prices';
