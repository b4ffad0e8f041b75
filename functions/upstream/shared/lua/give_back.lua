-- ARGV: permit or waiter, how long it still counts (0: not at all)
leave(limiter_keys(), ARGV[1])
if tonumber(ARGV[2]) > 0 then
  redis.call('ZADD', KEYS[2], text(now + tonumber(ARGV[2])), ARGV[1])
else
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return {text(now)}
