-- Keys of the API, beside those that are Worker secrets. Only a key's SHA-256 is kept: it has 256 bits of randomness, so that
-- nothing slower is needed.
create table api_keys (
  key_id text primary key,
  sha256 text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
  -- The beginning of the key, by which people know it again.
  prefix text not null,
  scope text not null check (scope in ('ingest', 'read', 'admin')),
  name text not null,
  created_at timestamptz not null,
  -- Who made it: another key's id, or the name of a Worker secret.
  created_by text not null,
  -- Null: never.
  expires_at timestamptz,
  -- The hour in which it was last used.
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_newest on api_keys (created_at desc, key_id desc);
create index api_keys_in_force on api_keys (created_at desc, key_id desc) where revoked_at is null;
