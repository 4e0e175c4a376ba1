#!lua flags=allow-key-locking
-- Finds since when the bucket waits that is not in the ledger for longest.
-- KEYS: dirty indexes, then as many in-flight indexes. ARGV: epoch ms now.
-- Returns epoch ms, 0 when no bucket waits; a bucket that was put off counts again from when it is tried again.
local shards, now, oldest = #KEYS / 2, tonumber(ARGV[1]), 0
local function since(ms)
  if oldest == 0 or ms < oldest then oldest = ms end
end
if redis.call('EXISTS', unpack(KEYS, 1, shards)) > 0 then
  for i = 1, shards do
    local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
    if first[2] then since(tonumber(first[2]) * 60000) end
  end
end
if redis.call('EXISTS', unpack(KEYS, shards + 1)) > 0 then
  for i = shards + 1, #KEYS do
    for _, mark in ipairs(redis.call('HVALS', KEYS[i])) do
      local taken = tonumber(string.match(mark, ':(%d+)$'))
      if taken <= now then since(taken) end
    end
  end
end
return oldest
