-- Keep answers, and tell everybody; what was under way is not any more.
-- KEYS: in_flight, then one of an answer for each. ARGV: channel, message, count of members, members, then for each
-- answer: value, milliseconds to keep it
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now))
local members = tonumber(ARGV[3])
for i = 1, members do
  redis.call('ZREM', KEYS[1], ARGV[3 + i])
end
for i = 2, #KEYS do
  local value, keep = ARGV[members + 2 * i], ARGV[members + 2 * i + 1]
  local kept, offered = learned_at(redis.pcall('GETRANGE', KEYS[i], 0, 8)), learned_at(value)
  if offered and not (kept and kept > offered) then
    redis.call('SET', KEYS[i], value, 'PX', keep)
  end
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return {text(now)}
