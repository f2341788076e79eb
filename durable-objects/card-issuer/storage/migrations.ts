/** What the SQLite of a card issuer has become, step by step; grows at its end only. */
export const MIGRATIONS = [
  `
  CREATE TABLE issuer (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    campaign TEXT NOT NULL,
    shard INTEGER NOT NULL,
    rules TEXT,
    lease_request INTEGER NOT NULL,
    last_block INTEGER NOT NULL,
    last_hash TEXT NOT NULL,
    sealed_row INTEGER NOT NULL,
    giveback INTEGER NOT NULL,
    swept_seq INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE delivered (lease INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE givebacks (giveback INTEGER PRIMARY KEY, runs TEXT NOT NULL) STRICT;
  CREATE TABLE card_keys (first_seq INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL) STRICT;
  CREATE TABLE leases (
    lease INTEGER PRIMARY KEY,
    segment TEXT NOT NULL,
    start INTEGER NOT NULL,
    next INTEGER NOT NULL,
    prizes TEXT NOT NULL,
    ordinals BLOB NOT NULL,
    codes TEXT,
    closes_at INTEGER,
    first INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE cards (
    seq INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    recipient TEXT,
    drawn_for TEXT,
    line_user TEXT,
    metadata TEXT,
    prize TEXT NOT NULL,
    segment TEXT,
    position INTEGER,
    code TEXT,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER,
    revealed_at INTEGER,
    redeemed_at INTEGER,
    used_at INTEGER,
    ended_at INTEGER,
    store TEXT,
    returned INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX cards_request ON cards (request);
  CREATE INDEX cards_recipient ON cards (recipient, issued_at) WHERE recipient IS NOT NULL;
  CREATE TABLE outbox (row INTEGER PRIMARY KEY, events INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE blocks (
    block INTEGER PRIMARY KEY,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    events INTEGER NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    send_at INTEGER NOT NULL
  ) STRICT;
  `,
  // A card's row is its commit: the index, its event and its lease's progress follow from it.
  `
  DROP INDEX cards_request;
  DROP INDEX cards_recipient;
  CREATE TABLE index_pages (page INTEGER PRIMARY KEY, hash INTEGER NOT NULL, seq INTEGER NOT NULL, entries BLOB NOT NULL) STRICT;
  ALTER TABLE issuer ADD COLUMN indexed_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE issuer ADD COLUMN sealed_seq INTEGER NOT NULL DEFAULT 0;
  UPDATE issuer SET sealed_seq = (SELECT coalesce(max(seq), 0) FROM cards);
  ALTER TABLE leases ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 0;
  UPDATE leases SET first_seq = (SELECT coalesce(max(seq), 0) + 1 FROM cards);
  CREATE TABLE bodies (block INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  INSERT INTO bodies (block, body)
    SELECT block, (SELECT coalesce(group_concat(body, '' ORDER BY row), '') FROM outbox WHERE row BETWEEN first_row AND last_row) FROM blocks;
  CREATE TABLE pending (row INTEGER PRIMARY KEY, block INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  INSERT INTO pending (row, block, events, bytes, body)
    SELECT row, (SELECT last_block + 1 FROM issuer), events, bytes, body FROM outbox WHERE row > (SELECT sealed_row FROM issuer);
  DROP TABLE outbox;
  ALTER TABLE issuer DROP COLUMN sealed_row;
  ALTER TABLE blocks DROP COLUMN first_row;
  ALTER TABLE blocks DROP COLUMN last_row;
  `,
  // Cards that were issued under one rule of expiry expire in their order; those of another begin at a number of their own.
  `
  CREATE TABLE sweeps (first_seq INTEGER PRIMARY KEY, swept_seq INTEGER NOT NULL) STRICT;
  INSERT INTO sweeps (first_seq, swept_seq) SELECT 1, swept_seq FROM issuer;
  ALTER TABLE issuer DROP COLUMN swept_seq;
  `,
  // What a draw asked and got never changes: as one value it is stored at half the cost.
  `
  CREATE TABLE drawn_cards (
    seq INTEGER PRIMARY KEY,
    drawn TEXT NOT NULL,
    recipient TEXT GENERATED ALWAYS AS (drawn->>1) VIRTUAL,
    prize TEXT GENERATED ALWAYS AS (drawn->>4) VIRTUAL,
    segment TEXT GENERATED ALWAYS AS (drawn->>5) VIRTUAL,
    position INTEGER GENERATED ALWAYS AS (drawn->>6) VIRTUAL,
    line_user TEXT,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER,
    revealed_at INTEGER,
    redeemed_at INTEGER,
    used_at INTEGER,
    ended_at INTEGER,
    store TEXT,
    returned INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO drawn_cards (seq, drawn, line_user, state, version, issued_at, expires_at, revealed_at, redeemed_at, used_at, ended_at, store, returned)
    SELECT seq, json_array(request, recipient, drawn_for, metadata, prize, segment, position, code), line_user,
      state, version, issued_at, expires_at, revealed_at, redeemed_at, used_at, ended_at, store, returned FROM cards;
  DROP TABLE cards;
  ALTER TABLE drawn_cards RENAME TO cards;
  `,
  // The index is in runs that are written once. It is made again from the cards.
  `
  DROP TABLE index_pages;
  CREATE TABLE index_pages (page INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;
  CREATE TABLE index_stretches (
    first_page INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    merged INTEGER NOT NULL,
    bounds BLOB NOT NULL,
    sketch BLOB NOT NULL
  ) STRICT;
  UPDATE issuer SET indexed_seq = 0;
  `,
  // The events of issues in a block are made from its cards; null: it has none, or was cut when its body had them all.
  `
  ALTER TABLE blocks ADD COLUMN first_seq INTEGER;
  ALTER TABLE blocks ADD COLUMN last_seq INTEGER;
  `,
];
