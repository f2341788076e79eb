CREATE TABLE `rewards_before` (
	`campaign` text NOT NULL,
	`card` text NOT NULL,
	`status` text NOT NULL,
	`why` text,
	PRIMARY KEY(`campaign`, `card`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `ledger_rebuild_results` ADD `missing` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ledger_rebuild_results` ADD `held` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ledger_rebuild_results` ADD `faults` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `ledger_rebuilds` ADD `missing` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ledger_rebuilds` ADD `faults` text DEFAULT '[]' NOT NULL;