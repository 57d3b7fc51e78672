package main

// The keys of a code: what it is, the answers that were given under idempotency
// keys, and the counters of customers.
const (
	voucherPrefix   = "v:"
	answerPrefix    = "k:"
	customersPrefix = "c:"
	// rememberMillis is how long an answer is kept for its key: a day, as Scrip
	// does at the least.
	rememberMillis = "86400000"
)

// redeemScript redeems a code as Scrip does: the stored answer of the key, then
// the checks in Scrip's order, then all changes at once. It takes the clock of
// the server. The answer is shorter than Scrip's, and the key is not held against
// another request's content; both favour Redis.
//
// KEYS: the code, the answer of the key, the customers' counters. ARGV: the
// customer or "", the order's amount, the milliseconds that an answer is kept.
const redeemScript = `
local stored = redis.call('GET', KEYS[2])
if stored then return stored end
local v = redis.call('HMGET', KEYS[1], 'active', 'from', 'until', 'quantity', 'used', 'each', 'percent')
if not v[1] then return 'not_found' end
if v[1] ~= '1' then return 'voucher_disabled' end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if now < tonumber(v[2]) then return 'voucher_not_active' end
if now >= tonumber(v[3]) then return 'voucher_expired' end
local used, quantity, each = tonumber(v[5]), tonumber(v[4]), tonumber(v[6])
if quantity > 0 and used >= quantity then return 'quantity_exceeded' end
local customer = ARGV[1]
if customer ~= '' and each > 0 then
  local had = tonumber(redis.call('HGET', KEYS[3], customer) or '0')
  if had >= each then return 'quantity_exceeded' end
  redis.call('HINCRBY', KEYS[3], customer, 1)
end
redis.call('HINCRBY', KEYS[1], 'used', 1)
local amount = tonumber(ARGV[2])
local discount = math.floor((amount * tonumber(v[7]) + 5000) / 10000)
local answer = string.format('{"id":"%s#%d","result":"SUCCESS","amount":%d,"discount_amount":%d,"total_amount":%d}',
  string.sub(KEYS[1], 3), used + 1, amount, discount, amount - discount)
redis.call('SET', KEYS[2], answer, 'PX', ARGV[3])
return answer
`
