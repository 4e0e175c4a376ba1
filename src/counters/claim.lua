-- Takes buckets for a flush: abandoned claims first, then the buckets that are dirty longest.
-- KEYS: dirty index, in-flight index, meta. ARGV: claim id, epoch ms now, latest epoch ms of an abandoned claim,
-- most buckets, fresh value of `born`, minute now, fields after which no more buckets are taken.
-- Returns born, number of this claim, how many index entries were taken out, 1 when there may be more, and per bucket
-- its key and the flat fields of its hash; a bucket that has expired is taken out of the indexes only.
local dirty, inflight, meta = KEYS[1], KEYS[2], KEYS[3]
local claim, now, abandoned, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

redis.call('HSETNX', meta, 'born', ARGV[5])
local keys, seen = {}, {}

local claims = redis.call('HGETALL', inflight)
for i = 1, #claims, 2 do
  local taken = tonumber(string.match(claims[i + 1], ':(%d+)$'))
  if taken <= abandoned then
    keys[#keys + 1] = { key = claims[i], taken = taken }
  end
end
table.sort(keys, function(left, right)
  if left.taken ~= right.taken then return left.taken < right.taken end
  return left.key < right.key
end)
for i = 1, #keys do
  keys[i] = i <= most and keys[i].key or nil
  if keys[i] then seen[keys[i]] = true end
end
if #keys < most then
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', dirty, '-inf', ARGV[6], 'LIMIT', 0, most)) do
    if #keys < most and not seen[key] then
      keys[#keys + 1] = key
    end
  end
end

local pages, marks, gone, done, fields = {}, {}, {}, {}, 0
for i = 1, #keys do
  if fields >= tonumber(ARGV[7]) then break end
  done[i] = keys[i]
  local hash = redis.call('HGETALL', keys[i])
  fields = fields + #hash / 2
  if #hash == 0 then
    gone[#gone + 1] = keys[i]
  else
    redis.call('HDEL', keys[i], 'd')
    pages[#pages + 1], pages[#pages + 2] = keys[i], hash
    marks[#marks + 1], marks[#marks + 2] = keys[i], claim .. ':' .. now
  end
end
if #done > 0 then
  redis.call('ZREM', dirty, unpack(done))
end
if #gone > 0 then
  redis.call('HDEL', inflight, unpack(gone))
end
local k = 0
if #marks > 0 then
  redis.call('HSET', inflight, unpack(marks))
  k = redis.call('HINCRBY', meta, 'k', 1)
end
local more = (#keys >= most or #done < #keys) and 1 or 0
return { redis.call('HGET', meta, 'born'), k, #done, more, pages }
