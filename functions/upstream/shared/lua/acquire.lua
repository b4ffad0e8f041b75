-- ARGV: waiter, capacity, hold, lease, settle, unknown_settle, reserve
return {text(now), unpack(described(acquire(limiter_keys(), limit_of(ARGV), ARGV[1], tonumber(ARGV[7]))))}
