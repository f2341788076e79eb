CREATE TABLE `ledger_rebuild_results` (
	`campaign` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`started_at` integer NOT NULL,
	`ended_at` integer NOT NULL,
	`cards` integer NOT NULL,
	`blocks` integer NOT NULL,
	`damaged` integer NOT NULL,
	`hash_before` text NOT NULL,
	`hash_after` text NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `ledger_rebuilds` DROP COLUMN `ended_at`;--> statement-breakpoint
ALTER TABLE `ledger_rebuilds` DROP COLUMN `hash_after`;