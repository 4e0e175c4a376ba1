-- Billing periods start on a day of the month, the last one where the month is shorter; at midnight UTC.

-- The last start of a period at or before a moment, if all of them are on this day.
create function last_anchor(at timestamptz, anchor_day integer) returns timestamptz language sql immutable as $$
  select case when least(month + (anchor_day - 1) * interval '1 day', month + interval '1 month' - interval '1 day') <= t
    then least(month + (anchor_day - 1) * interval '1 day', month + interval '1 month' - interval '1 day')
    else least(month - interval '1 month' + (anchor_day - 1) * interval '1 day', month - interval '1 day') end
    at time zone 'UTC'
  from (select at at time zone 'UTC' as t, date_trunc('month', at at time zone 'UTC') as month) as moment
$$;

-- The first start of a period after a moment.
create function next_anchor(at timestamptz, anchor_day integer) returns timestamptz language sql immutable as $$
  select case when least(month + (anchor_day - 1) * interval '1 day', month + interval '1 month' - interval '1 day') > t
    then least(month + (anchor_day - 1) * interval '1 day', month + interval '1 month' - interval '1 day')
    else least(month + interval '1 month' + (anchor_day - 1) * interval '1 day', month + interval '2 months' - interval '1 day') end
    at time zone 'UTC'
  from (select at at time zone 'UTC' as t, date_trunc('month', at at time zone 'UTC') as month) as moment
$$;

-- The day of a customer's document.
create function anchor_day_of(settings jsonb) returns integer language sql immutable as $$
  select coalesce((settings ->> 'billingAnchorDay')::integer, 1)
$$;
