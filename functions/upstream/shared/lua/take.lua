-- KEYS: the limiter's, the queue's. ARGV: what `take` needs
local queue = queue_keys(5)
local taken, turn = take(limiter_keys(), queue)
return {text(now), sizes(queue), taken, turn}
