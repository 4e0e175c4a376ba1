#!lua flags=allow-key-locking
-- Reads those of the buckets that are neither dirty nor in flight: the ledger must have them as they are.
-- KEYS: per shard its dirty index, its in-flight index and its buckets. ARGV: fields after which no more buckets are read,
-- then per shard how many buckets it has.
-- Returns one letter per bucket that was looked at, in order: s settled, w waiting to be flushed, g gone; then per settled
-- bucket its key and the flat fields of its hash.
local most, letters, pages, fields, at = tonumber(ARGV[1]), {}, {}, 0, 0
for shard = 2, #ARGV do
  local dirty, inflight, buckets = KEYS[at + 1], KEYS[at + 2], {}
  for i = 1, tonumber(ARGV[shard]) do
    buckets[i] = KEYS[at + 2 + i]
  end
  at = at + 2 + #buckets
  local scores = redis.call('ZMSCORE', dirty, unpack(buckets))
  local holders = redis.call('HMGET', inflight, unpack(buckets))
  for i, key in ipairs(buckets) do
    if fields >= most then
      return { table.concat(letters), pages }
    end
    if scores[i] or holders[i] then
      letters[#letters + 1] = 'w'
    else
      local hash = redis.call('HGETALL', key)
      fields = fields + #hash / 2
      letters[#letters + 1] = #hash > 0 and 's' or 'g'
      if #hash > 0 then
        pages[#pages + 1], pages[#pages + 2] = key, hash
      end
    end
  end
end
return { table.concat(letters), pages }
