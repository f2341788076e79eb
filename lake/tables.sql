-- Views over the lake of one campaign. Before it: SET VARIABLE lake = 'r2://kuji-lake'; SET VARIABLE campaign = 'spring-2027';
-- Times are UTC. `campaign` may be '*': all.

SET VARIABLE files = (
  SELECT list(file) FROM (
    FROM glob(getvariable('lake') || '/lake/' || getvariable('campaign') || '/*/*.ndjson')
    UNION ALL
    FROM glob(getvariable('lake') || '/rewards/' || getvariable('campaign') || '/*/*.ndjson')
  )
);

-- Every line. What a line does not say is NULL.
CREATE OR REPLACE TEMP VIEW lines AS
SELECT parse_path(filename)[-4] AS room, parse_path(filename)[-3] AS campaign, parse_path(filename)[-1] AS object, * EXCLUDE (filename)
FROM read_json(
  getvariable('files'),
  format = 'newline_delimited',
  filename = true,
  columns = {
    "type": 'VARCHAR', "at": 'BIGINT', card: 'VARCHAR', version: 'INTEGER', prize: 'VARCHAR',
    request: 'VARCHAR', recipient: 'VARCHAR', "user": 'VARCHAR', metadata: 'VARCHAR', expires: 'BIGINT', segment: 'VARCHAR', position: 'INTEGER',
    kind: 'VARCHAR', code: 'VARCHAR', store: 'VARCHAR', till: 'VARCHAR', reason: 'VARCHAR', returned: 'BOOLEAN',
    redrives: 'INTEGER', attempts: 'INTEGER', lastError: 'VARCHAR', receipt: 'JSON'
  }
);

-- What happened to cards.
CREATE OR REPLACE TEMP VIEW events AS
SELECT campaign, split_part(object, '-', 1)::INTEGER AS shard, type, epoch_ms("at") AS happened_at, card, version, prize,
  request, recipient, "user" AS line_user, metadata, epoch_ms(expires) AS expires_at, segment, position, kind, code, store, till, reason, returned
FROM lines WHERE room = 'lake';

-- What became of rewards. A line may be there twice.
CREATE OR REPLACE TEMP VIEW outcomes AS
SELECT DISTINCT ON (card, version) campaign, type, epoch_ms("at") AS happened_at, card, version, prize, redrives, attempts, lastError AS last_error, receipt
FROM lines WHERE room = 'rewards';

-- The ledger's table `cards`, made again.
CREATE OR REPLACE TEMP VIEW cards AS
SELECT card, any_value(campaign) AS campaign, any_value(shard) AS shard, max(version) AS version, arg_max(type, version) AS state, any_value(prize) AS prize,
  any_value(segment) AS segment, any_value(position) AS position, coalesce(bool_or(returned), false) AS returned,
  any_value(request) AS request_id, any_value(recipient) AS recipient, any_value(line_user) AS line_user_id, any_value(metadata) AS metadata,
  any_value(code) AS code, any_value(kind) AS kind,
  any_value(happened_at) FILTER (type = 'issued') AS issued_at, any_value(expires_at) AS expires_at,
  any_value(happened_at) FILTER (type = 'revealed') AS revealed_at, any_value(happened_at) FILTER (type = 'redeemed') AS redeemed_at,
  any_value(happened_at) FILTER (type = 'used') AS used_at, any_value(store) AS store, any_value(till) AS till,
  any_value(happened_at) FILTER (type IN ('voided', 'expired')) AS ended_at, any_value(reason) AS reason
FROM events GROUP BY card;

-- The ledger's table `rewards`, made again: a redemption asks for one, and its last outcome says how it stands. Coupons and codes are granted with the redemption.
CREATE OR REPLACE TEMP VIEW rewards AS
WITH last AS (FROM outcomes QUALIFY row_number() OVER (PARTITION BY card ORDER BY version DESC) = 1)
SELECT cards.card, cards.campaign, cards.prize, cards.kind, cards.line_user_id, cards.recipient,
  CASE WHEN last.type IN ('granted', 'failed') THEN last.type WHEN last.type IS NULL AND cards.kind IN ('coupon', 'code') THEN 'granted' ELSE 'pending' END AS status,
  coalesce(last.attempts, 0) AS attempts, coalesce(last.redrives, 0) AS redrives, cards.redeemed_at AS created_at,
  CASE WHEN last.type = 'granted' THEN last.happened_at WHEN last.type IS NULL AND cards.kind IN ('coupon', 'code') THEN cards.redeemed_at END AS granted_at,
  CASE WHEN last.type = 'failed' THEN last.happened_at END AS failed_at, last.last_error, last.receipt
FROM cards LEFT JOIN last USING (card) WHERE cards.kind <> 'none';
