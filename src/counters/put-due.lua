#!lua flags=allow-key-locking
-- Keeps when something is due next, unless another has written meanwhile.
-- KEYS: due. ARGV: what was read there, '' for nothing; what is to be there. Returns 1 when it was kept.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
