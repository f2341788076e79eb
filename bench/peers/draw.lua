-- Draws cards, all or none of them seen by others in between: idempotent by request, never more than a recipient may have, never a card twice; and each card can be read at once by its id.
-- KEYS: deck (list of prizes), requests, recipients and cards (hashes), log (stream). ARGV: limit, time, then request, recipient and new card id of each draw.
local answers = {}
local limit, now = tonumber(ARGV[1]), ARGV[2]
for i = 3, #ARGV, 3 do
  local request, recipient, card = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local key = request .. '\0' .. recipient
  local known = redis.call('HGET', KEYS[2], key)
  if known then
    answers[#answers + 1] = 'replayed'
    answers[#answers + 1] = known
  elseif recipient ~= '' and tonumber(redis.call('HGET', KEYS[3], recipient) or '0') >= limit then
    answers[#answers + 1] = 'limit_reached'
    answers[#answers + 1] = ''
  else
    local prize = redis.call('LPOP', KEYS[1])
    if prize then
      redis.call('HSET', KEYS[2], key, card)
      if recipient ~= '' then redis.call('HINCRBY', KEYS[3], recipient, 1) end
      redis.call('HSET', KEYS[4], card, 'issued\n' .. now .. '\n' .. prize .. '\n' .. request .. '\n' .. recipient)
      redis.call('XADD', KEYS[5], '*', 'card', card, 'prize', prize, 'request', request, 'recipient', recipient)
      answers[#answers + 1] = 'issued'
      answers[#answers + 1] = card
    else
      answers[#answers + 1] = 'sold_out'
      answers[#answers + 1] = ''
    end
  end
end
return answers
