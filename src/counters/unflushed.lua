#!lua flags=allow-key-locking
-- Reads a customer's buckets that may not be in the ledger yet.
-- KEYS: dirty index, in-flight index, then the customer's possible buckets, oldest first.
-- Returns per bucket that is dirty or in flight its key and the flat fields of its hash.
local buckets = {}
for i = 3, #KEYS do
  buckets[i - 2] = KEYS[i]
end
local dirty = redis.call('ZMSCORE', KEYS[1], unpack(buckets))
local inflight = redis.call('HMGET', KEYS[2], unpack(buckets))
local found = {}
for i, key in ipairs(buckets) do
  local hash = (dirty[i] or inflight[i]) and redis.call('HGETALL', key)
  -- One that has expired before it was flushed is in an index still.
  if hash and #hash > 0 then
    found[#found + 1], found[#found + 2] = key, hash
  end
end
return found
