#!lua flags=allow-key-locking
-- Raises the numbers of claims to those that the ledger names, while the fence is open; a new line of claims begins.
-- KEYS: meta of every shard. ARGV: name of the incident, name of the pass over all keys, pages it has done, then per shard a
-- number. Returns per shard its life and its number, which no claim before the fence has; nothing when the fence is not open,
-- or the pass was over another copy of this Redis.
local pass = 'pass:' .. ARGV[2]
local fence, pages = unpack(redis.call('HMGET', KEYS[1], 'fence', pass))
if fence ~= ARGV[1] or pages ~= ARGV[3] then
  return {}
end
local raised = {}
for i = 1, #KEYS do
  local born, number = unpack(redis.call('HMGET', KEYS[i], 'born', 'k'))
  number = math.max(tonumber(number or 0), tonumber(ARGV[i + 3]))
  redis.call('HSET', KEYS[i], 'k', string.format('%.0f', number), 'recent', '')
  raised[#raised + 1], raised[#raised + 2] = born or '', string.format('%.0f', number)
end
redis.call('HINCRBY', KEYS[1], pass, 1)
return raised
