import { redisScript } from './redis.ts';

/**
 * One atomic step of the reversible cordon. A mark is a second `state` field, SHUTTING_DOWN, behind the one that the
 * node wrote: the servers take the last one, and the first stays readable, so that a node which drains by itself is
 * never opened by taking "our" mark off.
 *
 * ARGV: number of ids to close, number of ids that may be relied on to stay open, then both lists, then further ids to
 * open. Answers [1 applied | 0 refused, marked ids, cleared, missing ids, digests of the entries to open, without mark].
 * When no relied-on entry is there and serving, nothing is closed and everything named is opened.
 */
export const cordonScript = redisScript(
  'cordon',
  `
local serving, mark = 1, '\\48\\2'
local function varint(v, at)
  local value, scale = 0, 1
  while true do
    local byte = string.byte(v, at)
    if not byte then return nil end
    at = at + 1
    value = value + (byte % 128) * scale
    if byte < 128 then return value, at end
    scale = scale * 128
    if scale > 2 ^ 63 then return nil end
  end
end
local fixed = { [1] = 8, [5] = 4 }
local function after(v, wire, at)
  if wire == 0 then local _, next = varint(v, at); return next end
  if wire == 2 then
    local length, next = varint(v, at)
    return length and next + length
  end
  return fixed[wire] and at + fixed[wire]
end
-- Answers the first state, the last one and how many there are; nothing when the value cannot be walked.
local function states(v)
  local at, first, last, count = 1, nil, nil, 0
  while at <= #v do
    local tag, next = varint(v, at)
    if not tag then return nil end
    local wire = tag % 8
    if tag == 48 then
      last = varint(v, next)
      first, count = first or last, count + 1
    end
    at = after(v, wire, next)
    if not at then return nil end
  end
  if at ~= #v + 1 then return nil end
  return first, last, count
end
local function marked(v)
  local first, last, count = states(v)
  return first == serving and last == 2 and count > 1 and string.sub(v, -2) == mark
end
local closeCount, relyCount = tonumber(ARGV[1]), tonumber(ARGV[2])
local function bare(v)
  while marked(v) do v = string.sub(v, 1, -3) end
  return v
end
local newly, cleared = {}, 0
local function open(id, v)
  if v and marked(v) then
    redis.call('HSET', KEYS[1], id, bare(v))
    cleared = cleared + 1
  end
end
local missing, digests, canClose = {}, {}, false
for i = 3 + closeCount, #ARGV do
  local v = redis.call('HGET', KEYS[1], ARGV[i])
  open(ARGV[i], v)
  digests[#digests + 1] = v and redis.sha1hex(bare(v)) or ''
  local relied = i < 3 + closeCount + relyCount
  if relied and v and states(bare(v)) == serving then canClose = true end
end
for i = 3, 2 + closeCount do
  local v = redis.call('HGET', KEYS[1], ARGV[i])
  if not v then
    missing[#missing + 1] = ARGV[i]
  elseif not canClose then
    open(ARGV[i], v)
  elseif string.sub(v, -2) ~= mark then
    -- Most are marked already, and a glance at the end tells; only the others are walked.
    local _, last = states(v)
    if last == serving then
      redis.call('HSET', KEYS[1], ARGV[i], v .. mark)
      newly[#newly + 1] = ARGV[i]
    end
  end
end
local applied = (canClose or closeCount == 0) and 1 or 0
return { applied, newly, cleared, missing, digests }
`,
);
