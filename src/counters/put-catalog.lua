#!lua flags=allow-key-locking
-- Keeps a catalog for the edge unless a newer one is there. KEYS: catalog. ARGV: version, document.
local version = redis.call('HGET', KEYS[1], 'version')
if version and tonumber(version) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'document', ARGV[2])
return 1
