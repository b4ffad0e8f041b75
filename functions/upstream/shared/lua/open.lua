-- What one instance has open for a caller, beside what all others have; 0, or the number of the bound it would exceed.
-- KEYS: the caller's. ARGV: instance, lease, then for each bound: how much is open here, how much may be everywhere
local bounds = (#ARGV - 2) / 2
local total = {}
local said = redis.call('HGETALL', KEYS[1])
for i = 1, #said, 2 do
  local until_, rest = string.match(said[i + 1], '^(%S+) (.*)$')
  if not (tonumber(until_) and tonumber(until_) > now) then
    redis.call('HDEL', KEYS[1], said[i])
  elseif said[i] ~= ARGV[1] then
    local bound = 0
    for number in string.gmatch(rest, '%d+') do
      bound = bound + 1
      total[bound] = (total[bound] or 0) + tonumber(number)
    end
  end
end
local here = {}
for bound = 1, bounds do
  here[bound] = ARGV[1 + 2 * bound]
  if (total[bound] or 0) + tonumber(here[bound]) > tonumber(ARGV[2 + 2 * bound]) then
    return {text(now), bound}
  end
end
redis.call('HSET', KEYS[1], ARGV[1], text(now + tonumber(ARGV[2])) .. ' ' .. table.concat(here, ' '))
redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2]) * 1000))
return {text(now), 0}
