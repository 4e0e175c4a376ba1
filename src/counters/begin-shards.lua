#!lua flags=allow-key-locking
-- Gives every shard its life, so that a copy of this Redis, taken whenever, says which it is of.
-- KEYS: meta of every shard. ARGV: fresh value of `born`. Returns `born` of each.
local lives = {}
for i = 1, #KEYS do
  redis.call('HSETNX', KEYS[i], 'born', ARGV[1])
  lives[i] = redis.call('HGET', KEYS[i], 'born')
end
return lives
