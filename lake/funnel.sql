-- How far cards came, for each prize and, in the last row, for all: issued, revealed, redeemed, and granted of those that have a reward.
SELECT
  cards.prize,
  count(cards.issued_at) AS issued,
  count(cards.revealed_at) AS revealed,
  count(cards.redeemed_at) AS redeemed,
  count(rewards.card) AS with_reward,
  count(rewards.granted_at) AS granted,
  round(100 * revealed / nullif(issued, 0), 1) AS revealed_percent,
  round(100 * redeemed / nullif(revealed, 0), 1) AS redeemed_percent,
  round(100 * granted / nullif(with_reward, 0), 1) AS granted_percent
FROM cards LEFT JOIN rewards USING (card)
GROUP BY ROLLUP (cards.prize)
ORDER BY cards.prize NULLS LAST;
