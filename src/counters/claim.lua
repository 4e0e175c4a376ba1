-- Takes buckets for a flush: abandoned claims first, then the buckets that are dirty longest.
-- KEYS: dirty index, in-flight index, meta. ARGV: claim id, epoch ms now, latest epoch ms of an abandoned claim,
-- most buckets, fresh value of `born`, minute now, fields after which no more buckets are taken, and the ledger's word on
-- the shard, `born` and number of the newest claim it holds, the number of shards, and how often the Redis was fenced that it
-- knows to have been set back, or nothing.
-- Returns a word, born, how often this Redis was fenced, number of this claim, how many index entries were taken out, 1 when there may be more, the epoch ms
-- since when the oldest entry waits, per bucket its key and the flat fields of its hash, and the newest claims as
-- `number=id` with spaces between; a bucket that has expired is
-- taken out of the indexes only. The word is `taken`; `fenced` while a fence is being put up; `set_back` when the ledger
-- holds a later claim of this life than this Redis knows of: it was replaced by an older copy. Nothing is taken then.
local dirty, inflight, meta = KEYS[1], KEYS[2], KEYS[3]
local claim, now, abandoned, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local born, number, fence, fences, recent = unpack(redis.call('HMGET', meta, 'born', 'k', 'fence', 'fences', 'recent'))
fences = tonumber(fences or 0)
if fence then
  return { 'fenced', born or '', fences, 0, 0, 0, 0, {}, '' }
end
if not born then
  -- The first claim of a life names that of every shard: a copy taken from now on says which life it is of.
  born = ARGV[5]
  for shard = 0, tonumber(ARGV[10]) - 1 do
    redis.call('HSETNX', (string.gsub(meta, '%d+$', shard)), 'born', born)
  end
end
if (born == ARGV[8] and tonumber(number or 0) < tonumber(ARGV[9])) or tostring(fences) == ARGV[11] then
  return { 'set_back', born, fences, 0, 0, 0, 0, {}, '' }
end

local keys, held, later = {}, {}, 0
local claims = redis.call('HGETALL', inflight)
for i = 1, #claims, 2 do
  local taken = tonumber(string.match(claims[i + 1], ':(%d+)$'))
  if taken <= abandoned then
    keys[#keys + 1] = { key = claims[i], taken = taken }
    held[claims[i]] = true
  elseif taken > tonumber(now) then
    -- Put off: not even a change brings it back before its time.
    held[claims[i]] = true
    later = later + 1
  end
end
table.sort(keys, function(left, right)
  if left.taken ~= right.taken then return left.taken < right.taken end
  return left.key < right.key
end)
local oldest = keys[1] and keys[1].taken or 0
for i = 1, #keys do
  keys[i] = i <= most and keys[i].key or nil
end
local waiting = redis.call('ZRANGEBYSCORE', dirty, '-inf', ARGV[6], 'WITHSCORES', 'LIMIT', 0, most + later)
for i = 1, #waiting, 2 do
  if not held[waiting[i]] then
    local since = tonumber(waiting[i + 1]) * 60000
    if oldest == 0 or since < oldest then oldest = since end
    if #keys < most then keys[#keys + 1] = waiting[i] end
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
local taken = 0
if #marks > 0 then
  redis.call('HSET', inflight, unpack(marks))
  taken = tonumber(number or 0) + 1
  -- The newest first, in one word of bounded length: each tells the ledger which line of copies this Redis is of.
  recent = string.format('%.0f', taken) .. '=' .. claim .. ' ' .. (recent or '')
  if #recent > 600 then recent = string.match(string.sub(recent, 1, 600), '^(.*) ') or '' end
  redis.call('HSET', meta, 'k', string.format('%.0f', taken), 'recent', recent)
end
local more = (#keys >= most or #done < #keys) and 1 or 0
return { 'taken', born, fences, taken, #done, more, oldest, pages, recent or '' }
