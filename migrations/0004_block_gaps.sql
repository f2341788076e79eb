CREATE TABLE `chain_faults` (
	`campaign` text NOT NULL,
	`shard` integer NOT NULL,
	`block` integer NOT NULL,
	`kind` text NOT NULL,
	`hash` text NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`accepted_at` integer,
	PRIMARY KEY(`campaign`, `shard`, `block`, `kind`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `missing_blocks` (
	`campaign` text NOT NULL,
	`shard` integer NOT NULL,
	`block` integer NOT NULL,
	`since` integer NOT NULL,
	`searches` integer NOT NULL,
	`search_at` integer NOT NULL,
	`lost_at` integer,
	PRIMARY KEY(`campaign`, `shard`, `block`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `scrub_cursor` (
	`id` integer PRIMARY KEY NOT NULL,
	`campaign` text NOT NULL,
	`shard` integer NOT NULL,
	`block` integer NOT NULL
) STRICT;
--> statement-breakpoint
ALTER TABLE `blocks` ADD `prev` text;
