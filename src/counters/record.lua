#!lua flags=allow-key-locking
-- Remembers ids and adds what they stand for, atomically.
-- KEYS: buckets, then dirty indexes, then ids.
-- ARGV: fresh epoch, minute, id TTL in s, most series, buckets, dirty indexes;
--   per bucket: number of its dirty index, expiry in epoch s, series, then field and operation of each;
--   per id: fingerprint, increments, then bucket number, series number, value, epoch ms of each;
--   bucket number 0 is an increment that was refused before: it only keeps its place.
-- Operations: + add, > greatest, < least, @ latest.
-- Returns one letter per increment, in order: r recorded, d duplicate, c conflict, o overflow, s too many series,
-- x refused before.
local LIMIT = 9007199254740991
local epoch, minute, ttl, maxSeries = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local bucketCount, dirtyCount = tonumber(ARGV[5]), tonumber(ARGV[6])
local at = 6

local function text()
  at = at + 1
  return ARGV[at]
end

local function read(bucket, key)
  local reply = redis.call('HMGET', key, 'e', 'n', 'd', 'c', unpack(bucket.fields))
  bucket.isNew, bucket.isDirty = not reply[1], reply[3]
  bucket.version, bucket.series = tonumber(reply[2] or 0), tonumber(reply[4] or 0)
  for i = 1, #bucket.fields do
    local state = reply[i + 4]
    if state then
      local value, time = string.match(state, '^([^@]+)@?(.*)$')
      bucket.values[i], bucket.times[i] = tonumber(value), tonumber(time)
    end
  end
end

local buckets = {}
for b = 1, bucketCount do
  local bucket = { dirtyKey = KEYS[bucketCount + tonumber(text())], expiry = text(),
    fields = {}, operations = {}, values = {}, times = {}, changed = {} }
  for i = 1, tonumber(text()) do
    bucket.fields[i], bucket.operations[i] = text(), text()
  end
  read(bucket, KEYS[b])
  buckets[b] = bucket
end

-- Adds one increment; a letter instead when it is refused.
local function add(bucket, i, value, time)
  local old, operation = bucket.values[i], bucket.operations[i]
  if not old then
    if bucket.series >= maxSeries then return 's' end
    bucket.series = bucket.series + 1
    bucket.values[i], bucket.times[i] = value, time
  elseif operation == '+' then
    local sum = old + value
    if sum > LIMIT or sum < -LIMIT then return 'o' end
    bucket.values[i] = sum
  elseif operation == '>' then
    if value > old then bucket.values[i] = value end
  elseif operation == '<' then
    if value < old then bucket.values[i] = value end
  elseif time > bucket.times[i] or (time == bucket.times[i] and value > old) then
    bucket.values[i], bucket.times[i] = value, time
  end
  return nil
end

local function undo(done)
  for j = #done, 1, -1 do
    local step = done[j]
    local bucket = step.bucket
    bucket.values[step.i], bucket.times[step.i], bucket.series = step.value, step.time, step.series
  end
end

local answer = {}
local firstId = bucketCount + dirtyCount

for id = firstId + 1, #KEYS do
  local fingerprint, increments = text(), tonumber(text())
  local done, letters, accepted = {}, {}, false
  for j = 1, increments do
    local bucket, i, value, time = buckets[tonumber(text())], tonumber(text()), tonumber(text()), tonumber(text())
    if not bucket then
      letters[j] = 'x'
    else
      local step = { bucket = bucket, i = i, value = bucket.values[i], time = bucket.times[i], series = bucket.series }
      local refusal = add(bucket, i, value, time)
      letters[j] = refusal or 'r'
      if not refusal then
        accepted = true
        done[#done + 1] = step
      end
    end
  end
  local outcome = table.concat(letters)
  local remembered = false
  -- What is refused as a whole is not remembered; a repeat of what was counted is told so, not refused.
  if not accepted then
    remembered = redis.call('GET', KEYS[id])
  elseif not redis.call('SET', KEYS[id], fingerprint .. (#done < increments and outcome or ''), 'NX', 'EX', ttl) then
    undo(done)
    done = {}
    remembered = redis.call('GET', KEYS[id])
  end
  if remembered then
    if string.sub(remembered, 1, #fingerprint) ~= fingerprint then
      outcome = string.rep('c', increments)
    else
      local earlier = string.sub(remembered, #fingerprint + 1)
      outcome = #earlier ~= increments and string.rep('d', increments) or string.gsub(earlier, 'r', 'd')
    end
  end
  for j = 1, #done do
    done[j].bucket.changed[done[j].i] = true
  end
  answer[#answer + 1] = outcome
end

for b = 1, bucketCount do
  local bucket = buckets[b]
  if next(bucket.changed) then
    local write = { 'n', string.format('%.0f', bucket.version + 1), 'c', string.format('%.0f', bucket.series) }
    if bucket.isNew then
      write[#write + 1], write[#write + 2] = 'e', epoch
    end
    if not bucket.isDirty then
      write[#write + 1], write[#write + 2] = 'd', '1'
    end
    for i in pairs(bucket.changed) do
      local state = string.format('%.0f', bucket.values[i])
      if bucket.operations[i] == '@' then
        state = state .. '@' .. string.format('%.0f', bucket.times[i])
      end
      write[#write + 1], write[#write + 2] = bucket.fields[i], state
    end
    redis.call('HSET', KEYS[b], unpack(write))
    if not bucket.isDirty then
      redis.call('ZADD', bucket.dirtyKey, minute, KEYS[b])
    end
    if bucket.isNew then
      redis.call('EXPIREAT', KEYS[b], bucket.expiry)
    end
  end
end

return table.concat(answer)
