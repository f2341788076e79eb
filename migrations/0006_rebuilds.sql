CREATE TABLE `ledger_rebuilds` (
	`campaign` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`started_at` integer NOT NULL,
	`step` integer NOT NULL,
	`stepped_at` integer NOT NULL,
	`cursor` text NOT NULL,
	`cards` integer NOT NULL,
	`blocks` integer NOT NULL,
	`damaged` integer NOT NULL,
	`hash_before` text NOT NULL
) STRICT, WITHOUT ROWID;
