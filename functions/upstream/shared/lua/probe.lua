-- Whether the server takes writes again.
redis.call('SET', KEYS[1], '1', 'PX', 1000)
return {text(now)}
