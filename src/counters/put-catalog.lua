#!lua flags=allow-key-locking
-- Keeps a catalog for the edge. KEYS: catalog. ARGV: version, time of publication in epoch ms, document, and the version
-- it takes the place of; without that one any that is not newer. Without a document the edge is sent to the ledger.
-- Returns 1 when it was kept.
local version, published = unpack(redis.call('HMGET', KEYS[1], 'version', 'published'))
if ARGV[4] then
  if (version or '') ~= ARGV[4] then return 0 end
elseif version then
  local ahead = tonumber(version) - tonumber(ARGV[1])
  if ahead > 0 or (ahead == 0 and tonumber(published or 0) > tonumber(ARGV[2])) then return 0 end
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'published', ARGV[2])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], 'document')
else
  redis.call('HSET', KEYS[1], 'document', ARGV[3])
end
return 1
