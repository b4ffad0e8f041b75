-- A permit, and the members that are to travel with it: whosever they are, callers and lanes in turn.
-- KEYS: the limiter's, the queue's. ARGV: those of a limit, then the reserve of a backlog, members at most, lease
local limiter, queue = limiter_keys(), queue_keys(5)
local waiter, reserve, most, lease = ARGV[1], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local function next_lane()
  local lane = redis.call('HGET', queue.turns, 'lane') or 'known'
  if not head(queue, lane) then
    lane = other(lane)
  end
  return lane
end

-- A backlog leaves permits to those who come meanwhile: so many, while all who wait were served a moment ago.
local function backlog_reserve()
  if redis.call('ZCARD', queue.known.wanted) + redis.call('ZCARD', queue.new.wanted) <= most then
    return 0
  end
  for _, lane in ipairs(LANES) do
    local member, _, caller = head(queue, lane)
    if member and tonumber(redis.call('ZSCORE', queue.busy, caller) or 0) <= now then
      return 0
    end
  end
  return reserve
end

if not head(queue, next_lane()) then
  leave(limiter, waiter)
  return {text(now), sizes(queue), {}, {}}
end
local turn = acquire(limiter, limit_of(ARGV), waiter, backlog_reserve())
local taken = {}
while turn.granted and #taken < most do
  local lane = next_lane()
  local member, place, caller = head(queue, lane)
  if not member then
    break
  end
  remove(queue, lane, member, place)
  redis.call('HSET', queue.turns, 'lane', other(lane))
  redis.call('ZADD', queue.in_flight, text(now + lease), member)
  redis.call('ZADD', queue.busy, text(now + lease), caller)
  taken[#taken + 1] = member
end
redis.call('ZREMRANGEBYSCORE', queue.busy, '-inf', text(now))
return {text(now), sizes(queue), taken, described(turn)}
