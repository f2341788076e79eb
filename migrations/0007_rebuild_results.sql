ALTER TABLE `ledger_rebuilds` ADD `begun_by` text;--> statement-breakpoint
ALTER TABLE `ledger_rebuilds` ADD `ended_at` integer;--> statement-breakpoint
ALTER TABLE `ledger_rebuilds` ADD `hash_after` text;