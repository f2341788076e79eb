CREATE TABLE `partner_feed` (
	`feed` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`campaign` text NOT NULL,
	`kind` text NOT NULL,
	`body` text NOT NULL,
	`sweeps` integer NOT NULL,
	`due_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `stock_levels` (
	`campaign` text NOT NULL,
	`prize` text NOT NULL,
	`level` text NOT NULL,
	`changes` integer NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`campaign`, `prize`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhook_endpoints` (
	`endpoint` text PRIMARY KEY NOT NULL,
	`partner` text NOT NULL,
	`url` text NOT NULL,
	`types` text,
	`sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer,
	`disabled_by` text
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `webhook_endpoints_partner` ON `webhook_endpoints` (`partner`);
