-- The limiter's part of the other scripts. Times are seconds of this server's clock; leases say until when something
-- counts that its holder has not renewed.
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local WAITER_LEASE = 0.5     -- a waiter that has not come back so long after its time is gone
local RECOVERY = 0.05        -- share of the full rate regained in a second, as in rate_limiter.py

local function text(number)
  return string.format('%.6f', number)
end

-- The share of the full rate that is allowed, and until when nothing is. A state that is not there may be one that was
-- lost with the calls in it: then nothing is allowed for `settle` seconds.
local function read_state(key, unknown_settle, settle)
  local read = redis.call('HMGET', key, 'share', 'recovered_at', 'blocked_until', 'decreased_at')
  local share, recovered_at = tonumber(read[1] or nil), tonumber(read[2] or nil)
  local blocked_until, decreased_at = tonumber(read[3] or nil), tonumber(read[4] or nil) or 0
  if not (share and recovered_at and blocked_until) then
    share, recovered_at, blocked_until, settle = 1, now, 0, math.max(settle, unknown_settle)
    redis.call('HSET', key, 'share', 1, 'recovered_at', text(now), 'blocked_until', 0)
  end
  if settle > 0 then
    blocked_until = math.max(blocked_until, now + settle)
    redis.call('HSET', key, 'blocked_until', text(blocked_until))
  end
  share = math.min(1, share + math.max(now - recovered_at, 0) * RECOVERY)
  return {share = share, blocked_until = blocked_until, decreased_at = decreased_at}
end

-- One permit for `waiter`, first come, first served, leaving `reserve` to others. Without one: seconds to wait.
local function acquire(keys, limit, waiter, reserve)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', keys.waiter_leases, '-inf', text(now))) do
    redis.call('ZREM', keys.waiters, gone)
    redis.call('ZREM', keys.waiter_leases, gone)
  end
  redis.call('ZREMRANGEBYSCORE', keys.permits, '-inf', text(now))
  local state = read_state(keys.state, limit.unknown_settle, limit.settle)
  local allowed = math.max(1, math.floor(limit.capacity * state.share))
  local free = allowed - redis.call('ZCARD', keys.permits)
  local ahead = redis.call('ZRANK', keys.waiters, waiter) or redis.call('ZCARD', keys.waiters)
  local blocked = math.max(state.blocked_until - now, 0)
  local result = {allowed = allowed, free = free, blocked = blocked}
  if blocked == 0 and free - reserve > ahead then
    redis.call('ZREM', keys.waiters, waiter)
    redis.call('ZREM', keys.waiter_leases, waiter)
    redis.call('ZADD', keys.permits, text(now + limit.lease), waiter)
    result.granted, result.wait, result.free = true, 0, free - 1
  else
    -- A call that ends now counts for one hold more, so nobody oversleeps a permit by waiting that long.
    local wait = blocked
    if wait == 0 then
      local nth = math.max(ahead + reserve - free, 0)
      local returns = redis.call('ZRANGE', keys.permits, nth, nth, 'WITHSCORES')[2]
      wait = math.min(returns and tonumber(returns) - now or limit.hold, limit.hold)
    end
    if redis.call('ZSCORE', keys.waiters, waiter) == false then
      redis.call('ZADD', keys.waiters, text(now), waiter)
    end
    redis.call('ZADD', keys.waiter_leases, text(now + wait + WAITER_LEASE), waiter)
    result.granted, result.wait = false, math.max(wait, 0.002)
  end
  result.waiting = redis.call('ZCARD', keys.waiters)
  return result
end

local function leave(keys, waiter)
  redis.call('ZREM', keys.waiters, waiter)
  redis.call('ZREM', keys.waiter_leases, waiter)
end

local function limiter_keys()
  return {state = KEYS[1], permits = KEYS[2], waiters = KEYS[3], waiter_leases = KEYS[4]}
end

-- ARGV 1 to 7 of a script that acquires.
local function limit_of(arguments)
  return {
    capacity = tonumber(arguments[2]), hold = tonumber(arguments[3]), lease = tonumber(arguments[4]),
    settle = tonumber(arguments[5]), unknown_settle = tonumber(arguments[6]),
  }
end

local function described(result)
  return {
    result.granted and 1 or 0, text(result.wait), result.free, result.waiting, result.allowed, text(result.blocked),
  }
end
