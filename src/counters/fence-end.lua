#!lua flags=allow-key-locking
-- Closes a fence: claims go on. KEYS: meta of every shard. ARGV: name of the incident, name of the pass over all keys, steps it
-- has done. Returns 1 when the fence was open, and the pass was over this copy of Redis.
local pass = 'pass:' .. ARGV[2]
local fence, steps = unpack(redis.call('HMGET', KEYS[1], 'fence', pass))
if fence ~= ARGV[1] or steps ~= ARGV[3] then
  return 0
end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 5) == 'pass:' then redis.call('HDEL', KEYS[1], field) end
end
for i = 1, #KEYS do
  redis.call('HDEL', KEYS[i], 'fence')
  redis.call('HINCRBY', KEYS[i], 'fences', 1)
end
return 1
