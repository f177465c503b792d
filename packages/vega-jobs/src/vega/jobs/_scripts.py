"""Atomic steps, as Lua scripts run by Redis."""

from __future__ import annotations

# KEYS: job, result, queue.  ARGV: payload, milliseconds until the payload expires, score, id.
ENQUEUE = """
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[4])
return 1
"""

# KEYS: queue.  ARGV: now, wanted, lease in milliseconds, token, prefixes of in-progress, job and retry keys.
# Ids claimed by other workers keep their scores; the scan continues after them.
CLAIM = """
local claimed, offset, wanted = {}, 0, tonumber(ARGV[2])
while #claimed < wanted and offset < 5000 do
  local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', offset, 100)
  if #ids == 0 then break end
  for i = 1, #ids, 2 do
    if #claimed < wanted and redis.call('SET', ARGV[5] .. ids[i], ARGV[4], 'NX', 'PX', ARGV[3]) then
      local try = redis.call('INCR', ARGV[7] .. ids[i])
      redis.call('EXPIRE', ARGV[7] .. ids[i], 88400)
      claimed[#claimed + 1] = {ids[i], redis.call('GET', ARGV[6] .. ids[i]), try, ids[i + 1]}
    end
  end
  offset = offset + 100
end
return claimed
"""

# KEYS: in-progress, retry, job, queue, result, dead.  ARGV: token, id, result, milliseconds to keep it, dead record.
# Without the lease the script changes nothing.
FINISH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] ~= '' then redis.call('SET', KEYS[5], ARGV[3], 'PX', ARGV[4]) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[6], ARGV[2], ARGV[5]) end
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return 1
"""

# KEYS: in-progress, retry, job, queue.  ARGV: token, id, new score, whether the attempt counts, minimum time to live
# of the payload in milliseconds.
REQUEUE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[4] == '0' then redis.call('DECR', KEYS[2]) end
redis.call('ZADD', KEYS[4], 'XX', ARGV[3], ARGV[2])
local left = redis.call('PTTL', KEYS[3])
if left >= 0 and left < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[3], ARGV[5]) end
redis.call('DEL', KEYS[1])
return 1
"""

# KEYS: in-progress.  ARGV: token, lease in milliseconds.
RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
