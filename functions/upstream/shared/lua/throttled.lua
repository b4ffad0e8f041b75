-- Halve the rate, once in a hold only: one burst is throttled many times. ARGV: hold, seconds to wait, unknown_settle
local state = read_state(KEYS[1], tonumber(ARGV[3]), 0)
if now - state.decreased_at >= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'share', state.share / 2, 'recovered_at', text(now), 'decreased_at', text(now))
end
local blocked_until = math.max(state.blocked_until, now + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'blocked_until', text(blocked_until))
return {text(now)}
