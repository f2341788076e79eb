-- How many LINE users revealed or redeemed a card in each minute, and how many cards.
SELECT
  date_trunc('minute', happened_at) AS minute,
  count(DISTINCT line_user) AS users,
  count(*) FILTER (type = 'revealed') AS revealed,
  count(*) FILTER (type = 'redeemed') AS redeemed
FROM events
WHERE type IN ('revealed', 'redeemed')
GROUP BY minute
ORDER BY minute;
