-- How many cards of each prize were issued, from the stock and as fallback, and how they stand.
SELECT
  prize,
  count(*) FILTER (segment IS NOT NULL) AS issued,
  count(*) FILTER (segment IS NULL) AS issued_as_fallback,
  count(*) FILTER (state = 'issued') AS waiting,
  count(*) FILTER (state = 'revealed') AS revealed,
  count(*) FILTER (state = 'redeemed') AS redeemed,
  count(*) FILTER (state = 'used') AS used,
  count(*) FILTER (state = 'voided') AS voided,
  count(*) FILTER (state = 'expired') AS expired
FROM cards
WHERE issued_at IS NOT NULL
GROUP BY prize
ORDER BY prize;
