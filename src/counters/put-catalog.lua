#!lua flags=allow-key-locking
-- Keeps a catalog for the edge. KEYS: catalog. ARGV: version, document, and the version it takes the place of; without
-- that one any older version. Returns 1 when it was kept.
local version = redis.call('HGET', KEYS[1], 'version')
if ARGV[3] then
  if (version or '') ~= ARGV[3] then return 0 end
elseif version and tonumber(version) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'document', ARGV[2])
return 1
