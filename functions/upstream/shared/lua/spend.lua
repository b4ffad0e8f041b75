-- Spend from several windows at once, or from none: then the number of the first that has too little left, and in how
-- many seconds it has enough. A window is a hash of counts, each of a sixtieth of it.
-- KEYS: windows. ARGV: for each: count (below 0: given back), seconds, limit
local SLICES = 60
for i = 1, #KEYS do
  local count, seconds, limit = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local slice, spent, used = seconds / SLICES, {}, 0
  local counted = redis.call('HGETALL', KEYS[i])
  for j = 1, #counted, 2 do
    local ends = (tonumber(counted[j]) + 1) * slice + seconds
    if ends <= now then
      redis.call('HDEL', KEYS[i], counted[j])
    else
      spent[#spent + 1] = {ends = ends, count = tonumber(counted[j + 1])}
      used = used + tonumber(counted[j + 1])
    end
  end
  if count > 0 and used + count > limit then
    table.sort(spent, function(one, other) return one.ends < other.ends end)
    local wait = seconds
    for _, each in ipairs(spent) do
      used = used - each.count
      if used + count <= limit then
        wait = each.ends - now
        break
      end
    end
    return {text(now), i, math.ceil(wait)}
  end
end
for i = 1, #KEYS do
  local seconds = tonumber(ARGV[3 * i - 1])
  redis.call('HINCRBY', KEYS[i], math.floor(now / (seconds / SLICES)), ARGV[3 * i - 2])
  redis.call('PEXPIRE', KEYS[i], math.ceil(seconds * 1000 * (SLICES + 1) / SLICES))
end
return {text(now), 0, 0}
