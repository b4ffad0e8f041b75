-- What is wanted by any instance and not under way: the parts of the scripts that use the queue.
--
-- Callers are served in turn, as in fair_queue.py: a member's place is one behind its caller's last one, but not before
-- the place that is being served. A member that several callers want has the place that comes first. Members whose lease
-- ran out are wanted by nobody any more.
local LANES = {'known', 'new'}

local function queue_keys(first)
  return {
    known = {wanted = KEYS[first], callers = KEYS[first + 1]}, new = {wanted = KEYS[first + 2], callers = KEYS[first + 3]},
    caller_of = KEYS[first + 4], leases = KEYS[first + 5], turns = KEYS[first + 6], busy = KEYS[first + 7],
    in_flight = KEYS[first + 8],
  }
end

local function other(lane)
  return lane == 'known' and 'new' or 'known'
end

-- How many members of a lane come before a place; lanes are served alternately, so these numbers compare across them.
local function before(queue, lane, place)
  return redis.call('ZCOUNT', queue[lane].wanted, '-inf', '(' .. place)
end

-- The lane and the place where a member waits; nil if it does not.
local function waits_at(queue, member)
  for _, lane in ipairs(LANES) do
    local place = redis.call('ZSCORE', queue[lane].wanted, member)
    if place then
      return lane, tonumber(place)
    end
  end
end

local function add(queue, lane, member, caller, lease)
  redis.call('ZADD', queue.leases, text(now + lease), member)
  if redis.call('HGET', queue.caller_of, member) == caller then
    return
  end
  local last = tonumber(redis.call('ZSCORE', queue[lane].callers, caller) or 0)
  local served = tonumber(redis.call('HGET', queue.turns, lane) or 0)
  local place = math.max(last, served) + 1
  local present_lane, present = waits_at(queue, member)
  if present then
    if before(queue, present_lane, present) <= before(queue, lane, place) then
      return
    end
    redis.call('ZREM', queue[present_lane].wanted, member)
  end
  redis.call('HSET', queue.caller_of, member, caller)
  redis.call('ZADD', queue[lane].wanted, place, member)
  redis.call('ZADD', queue[lane].callers, place, caller)
end

local function remove(queue, lane, member, place)
  redis.call('ZREM', queue[lane].wanted, member)
  redis.call('ZREM', queue.leases, member)
  redis.call('HDEL', queue.caller_of, member)
  redis.call('HSET', queue.turns, lane, place)
  redis.call('ZREMRANGEBYSCORE', queue[lane].callers, '-inf', place)
end

-- The first member of a lane that somebody still wants, its place and its caller.
local function head(queue, lane)
  while true do
    local first = redis.call('ZRANGE', queue[lane].wanted, 0, 0, 'WITHSCORES')
    if not first[1] then
      redis.call('DEL', queue[lane].callers)
      redis.call('HDEL', queue.turns, lane)
      return nil
    end
    if tonumber(redis.call('ZSCORE', queue.leases, first[1]) or 0) > now then
      return first[1], tonumber(first[2]), redis.call('HGET', queue.caller_of, first[1]) or ''
    end
    remove(queue, lane, first[1], tonumber(first[2]))
  end
end

-- How many wait in each lane, of how many callers; and how many are under way.
local function sizes(queue)
  redis.call('ZREMRANGEBYSCORE', queue.in_flight, '-inf', text(now))
  return {
    redis.call('ZCARD', queue.known.wanted), redis.call('ZCARD', queue.known.callers),
    redis.call('ZCARD', queue.new.wanted), redis.call('ZCARD', queue.new.callers),
    redis.call('ZCARD', queue.in_flight),
  }
end

-- When a stored answer was learned; nil for anything that is no answer. See record format in queue.py.
local function learned_at(header)
  if type(header) ~= 'string' or #header < 9 or string.byte(header, 1) ~= 1 then
    return nil
  end
  local at = struct.unpack('>d', string.sub(header, 2, 9))
  return (at > 0 and at <= now + 1) and at or nil
end

-- For each member: the stored answer if it is newer than the one seen; else 1 if it is under way; else 0, and it waits.
-- ARGV from `first` on, for each: member, lane, seen, caller; KEYS from `first_answer` on: one of an answer each.
local function want(queue, first_answer, first, lease)
  local replies = {}
  for i = 0, #KEYS - first_answer do
    local member, lane = ARGV[first + 4 * i], ARGV[first + 1 + 4 * i]
    local seen, caller = tonumber(ARGV[first + 2 + 4 * i]), ARGV[first + 3 + 4 * i]
    local answer_key = KEYS[first_answer + i]
    local at = learned_at(redis.pcall('GETRANGE', answer_key, 0, 8))
    if at and at > seen then
      replies[i + 1] = redis.call('GET', answer_key)
    elseif tonumber(redis.call('ZSCORE', queue.in_flight, member) or 0) > now then
      replies[i + 1] = 1
    else
      add(queue, lane, member, caller, lease)
      replies[i + 1] = 0
    end
  end
  return replies
end

local function next_lane(queue)
  local lane = redis.call('HGET', queue.turns, 'lane') or 'known'
  if not head(queue, lane) then
    lane = other(lane)
  end
  return lane
end

-- A backlog leaves permits to those who come meanwhile: so many, while all who wait were served a moment ago.
local function backlog_reserve(queue, most, reserve)
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

-- A permit, and the members that travel with it: whosever they are, callers and lanes in turn. Nothing, {} where none
-- waits. ARGV 1 to 9: those of a limit, then the reserve of a backlog, members at most, lease
local function take(limiter, queue)
  local waiter, reserve, most, lease = ARGV[1], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
  if not head(queue, next_lane(queue)) then
    leave(limiter, waiter)
    return {}, {}
  end
  local turn = acquire(limiter, limit_of(ARGV), waiter, backlog_reserve(queue, most, reserve))
  local taken = {}
  while turn.granted and #taken < most do
    local lane = next_lane(queue)
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
  return taken, described(turn)
end
