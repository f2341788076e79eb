CREATE TABLE `card_differences` (
	`campaign` text NOT NULL,
	`card` text NOT NULL,
	`faults` text NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`campaign`, `card`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `reconcile_cursor` (
	`id` integer PRIMARY KEY NOT NULL,
	`campaign` text NOT NULL,
	`cursor` text NOT NULL,
	`started_at` integer NOT NULL
) STRICT;
