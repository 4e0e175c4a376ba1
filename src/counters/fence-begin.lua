#!lua flags=allow-key-locking
-- Opens a fence: no shard gives out claims until it is closed. One that is open stays the one.
-- KEYS: meta of every shard. ARGV: fresh name of the incident, number of the shard that told of it, then its life and how often
-- this Redis had been fenced when it did: both have to be so still, for a second fence would cost what was counted after the
-- first. `any` as the life opens one by hand, `none` only joins. Returns the name of the open fence; empty when there is none.
for i = 1, #KEYS do
  local open = redis.call('HGET', KEYS[i], 'fence')
  if open then return open end
end
if ARGV[3] == 'none' then return '' end
local born, fences = unpack(redis.call('HMGET', KEYS[tonumber(ARGV[2]) + 1], 'born', 'fences'))
if ARGV[3] ~= 'any' and (born ~= ARGV[3] or (fences or '0') ~= ARGV[4]) then
  return ''
end
for i = 1, #KEYS do
  redis.call('HSET', KEYS[i], 'fence', ARGV[1])
end
return ARGV[1]
