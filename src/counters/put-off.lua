#!lua flags=allow-key-locking
-- Keeps a bucket from being taken before a moment, if this claim still holds it.
-- KEYS: in-flight index. ARGV: claim id, bucket, epoch ms that its mark is to carry. Returns 1 when it was put off.
local mark = redis.call('HGET', KEYS[1], ARGV[2])
local claim = ARGV[1] .. ':'
if not mark or string.sub(mark, 1, #claim) ~= claim then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[2], claim .. ARGV[3])
return 1
