-- Prolong leases that are still there. KEYS: sorted set. ARGV: lease, members
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', text(now + tonumber(ARGV[1])), ARGV[i])
end
return {text(now)}
