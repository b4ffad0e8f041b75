-- For each member: the stored answer if it is newer than the one seen; else 1 if it is under way; else 0, and it waits.
-- KEYS: the queue's, then one of an answer for each member. ARGV: lease, then for each: member, lane, seen, caller
local FIRST_ANSWER = 10
local queue = queue_keys(1)
local replies = {}
for i = 0, #KEYS - FIRST_ANSWER do
  local member, lane, seen, caller = ARGV[2 + 4 * i], ARGV[3 + 4 * i], tonumber(ARGV[4 + 4 * i]), ARGV[5 + 4 * i]
  local answer_key = KEYS[FIRST_ANSWER + i]
  local at = learned_at(redis.pcall('GETRANGE', answer_key, 0, 8))
  if at and at > seen then
    replies[i + 1] = redis.call('GET', answer_key)
  elseif tonumber(redis.call('ZSCORE', queue.in_flight, member) or 0) > now then
    replies[i + 1] = 1
  else
    add(queue, lane, member, caller, tonumber(ARGV[1]))
    replies[i + 1] = 0
  end
end
return {text(now), sizes(queue), replies}
