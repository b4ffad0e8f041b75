-- Want, and take at once what need not wait for company: a full batch, or any while no call is under way.
-- KEYS: the limiter's, the queue's, then one of an answer for each member. ARGV: what `take` needs, then what `want` needs
local queue = queue_keys(5)
local replies = want(queue, 14, 10, tonumber(ARGV[9]))
local known, _, new, _, in_flight = unpack(sizes(queue))
local taken, turn = {}, {}
if in_flight == 0 or known + new >= tonumber(ARGV[8]) then
  taken, turn = take(limiter_keys(), queue)
end
return {text(now), sizes(queue), replies, taken, turn}
