-- Takes those of a customer's buckets that may not be in the ledger yet, whoever has claimed them.
-- KEYS: dirty index, in-flight index, meta, then the customer's possible buckets. ARGV: claim id, epoch ms now, fresh value
-- of `born`, fields after which no more buckets are taken, and the ledger's word on the shard: as there.
-- Returns what claim.lua does.
local dirty, inflight, meta = KEYS[1], KEYS[2], KEYS[3]
local claim, now = ARGV[1], ARGV[2]

local born, number, fence, fences, recent = unpack(redis.call('HMGET', meta, 'born', 'k', 'fence', 'fences', 'recent'))
fences = tonumber(fences or 0)
if fence then
  return { 'fenced', born or '', fences, 0, 0, 0, 0, {}, '' }
end
if not born then
  -- The first claim of a life names that of every shard: a copy taken from now on says which life it is of.
  born = ARGV[3]
  for shard = 0, tonumber(ARGV[7]) - 1 do
    redis.call('HSETNX', (string.gsub(meta, '%d+$', shard)), 'born', born)
  end
end
if (born == ARGV[5] and tonumber(number or 0) < tonumber(ARGV[6])) or tostring(fences) == ARGV[8] then
  return { 'set_back', born, fences, 0, 0, 0, 0, {}, '' }
end

local buckets = {}
for i = 4, #KEYS do
  buckets[i - 3] = KEYS[i]
end
local scores = redis.call('ZMSCORE', dirty, unpack(buckets))
local holders = redis.call('HMGET', inflight, unpack(buckets))
local pages, marks, done, fields, more = {}, {}, {}, 0, 0
for i, key in ipairs(buckets) do
  -- What this claim has taken already is on its way.
  local isOwn = holders[i] and string.sub(holders[i], 1, #claim + 1) == claim .. ':'
  if (scores[i] or holders[i]) and not (isOwn and not scores[i]) then
    if fields >= tonumber(ARGV[4]) then
      more = 1
      break
    end
    local hash = redis.call('HGETALL', key)
    fields = fields + #hash / 2
    done[#done + 1] = key
    if #hash > 0 then
      redis.call('HDEL', key, 'd')
      pages[#pages + 1], pages[#pages + 2] = key, hash
      marks[#marks + 1], marks[#marks + 2] = key, claim .. ':' .. now
    end
  end
end
if #done > 0 then
  redis.call('ZREM', dirty, unpack(done))
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
return { 'taken', born, fences, taken, #done, more, 0, pages, recent or '' }
