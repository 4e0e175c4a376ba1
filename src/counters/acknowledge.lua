-- Lets go of the buckets that a claim still holds.
-- KEYS: in-flight index. ARGV: claim id, then bucket keys. Returns how many were let go.
local claim = ARGV[1] .. ':'
local buckets = {}
for i = 2, #ARGV do
  buckets[i - 1] = ARGV[i]
end
local held = {}
for i, mark in ipairs(redis.call('HMGET', KEYS[1], unpack(buckets))) do
  if mark and string.sub(mark, 1, #claim) == claim then
    held[#held + 1] = buckets[i]
  end
end
if #held > 0 then
  redis.call('HDEL', KEYS[1], unpack(held))
end
return #held
