-- Begins a page of buckets anew: a fresh epoch and no counts, so that nothing they held before is written again. Ids stay.
-- KEYS: meta of a shard. ARGV: name of the incident, name of this pass over all keys, pages it has done, cursor, how many keys
-- to look at, fresh epoch.
-- Returns the next cursor, `0` at the end, and how many were begun anew. Nothing when that incident's fence is not open: a
-- bucket that was made since must not lose what it holds; or when this Redis does not know of the pages done: it is another
-- copy than the one that they were done on, and all have to be looked at again.
local pass = 'pass:' .. ARGV[2]
local fence, pages = unpack(redis.call('HMGET', KEYS[1], 'fence', pass))
if fence ~= ARGV[1] or (pages or '0') ~= ARGV[3] then
  return {}
end
local reply = redis.call('SCAN', ARGV[4], 'MATCH', 'b:*', 'COUNT', ARGV[5])
local begun = 0
for _, key in ipairs(reply[2]) do
  -- Once in a pass: a copy of Redis taken while a fence was open may hold buckets that an earlier pass has begun anew.
  if redis.call('HGET', key, 'f') ~= ARGV[2] then
    local series = {}
    for _, field in ipairs(redis.call('HKEYS', key)) do
      if string.sub(field, 1, 1) == '[' then series[#series + 1] = field end
    end
    for first = 1, #series, 1000 do
      redis.call('HDEL', key, unpack(series, first, math.min(first + 999, #series)))
    end
    redis.call('HSET', key, 'f', ARGV[2], 'e', ARGV[6], 'c', '0')
    redis.call('HINCRBY', key, 'n', 1)
    begun = begun + 1
  end
end
redis.call('HINCRBY', KEYS[1], pass, 1)
return { reply[1], begun }
