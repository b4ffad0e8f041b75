-- KEYS: the queue's, then one of an answer for each member. ARGV: lease, then what `want` needs
local queue = queue_keys(1)
local replies = want(queue, 10, 2, tonumber(ARGV[1]))
return {text(now), sizes(queue), replies}
