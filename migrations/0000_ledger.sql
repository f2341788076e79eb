CREATE TABLE `audit` (
	`entry` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`before` text,
	`after` text,
	`prev` text NOT NULL,
	`hash` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `blocks` (
	`campaign` text NOT NULL,
	`shard` integer NOT NULL,
	`block` integer NOT NULL,
	`hash` text NOT NULL,
	`events` integer NOT NULL,
	`settled_at` integer NOT NULL,
	PRIMARY KEY(`campaign`, `shard`, `block`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `campaigns` (
	`campaign` text PRIMARY KEY NOT NULL,
	`file` text NOT NULL,
	`etag` text NOT NULL,
	`version` integer NOT NULL,
	`status` text NOT NULL,
	`shards` integer NOT NULL,
	`published_at` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `cards` (
	`card` text PRIMARY KEY NOT NULL,
	`campaign` text NOT NULL,
	`shard` integer NOT NULL,
	`version` integer NOT NULL,
	`state` text NOT NULL,
	`prize` text NOT NULL,
	`request` text,
	`recipient` text,
	`line_user` text,
	`metadata` text,
	`segment` text,
	`position` integer,
	`code` text,
	`issued_at` integer,
	`expires_at` integer,
	`revealed_at` integer,
	`redeemed_at` integer,
	`used_at` integer,
	`ended_at` integer,
	`reason` text,
	`store` text,
	`till` text,
	`returned` integer
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `cards_campaign` ON `cards` (`campaign`,`prize`,`state`);--> statement-breakpoint
CREATE INDEX `cards_line_user` ON `cards` (`line_user`,`campaign`,`issued_at`);--> statement-breakpoint
CREATE INDEX `cards_request` ON `cards` (`request`);--> statement-breakpoint
CREATE INDEX `cards_recipient` ON `cards` (`recipient`);--> statement-breakpoint
CREATE TABLE `dead_letters` (
	`letter` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`queue` text NOT NULL,
	`body` text NOT NULL,
	`at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `minute_counters` (
	`campaign` text NOT NULL,
	`minute` integer NOT NULL,
	`type` text NOT NULL,
	`prize` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`campaign`, `minute`, `type`, `prize`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `partner_keys` (
	`key_id` text PRIMARY KEY NOT NULL,
	`partner` text NOT NULL,
	`algorithm` text NOT NULL,
	`material` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `partner_keys_partner` ON `partner_keys` (`partner`);--> statement-breakpoint
CREATE TABLE `partners` (
	`partner` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`campaigns` text NOT NULL,
	`updated_at` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rewards` (
	`card` text PRIMARY KEY NOT NULL,
	`campaign` text NOT NULL,
	`prize` text NOT NULL,
	`kind` text NOT NULL,
	`line_user` text NOT NULL,
	`recipient` text,
	`status` text NOT NULL,
	`attempts` integer NOT NULL,
	`created_at` integer NOT NULL,
	`next_attempt_at` integer,
	`granted_at` integer,
	`last_error` text,
	`receipt` text
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `rewards_status` ON `rewards` (`status`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `rewards_campaign` ON `rewards` (`campaign`,`prize`,`status`);--> statement-breakpoint
CREATE TABLE `uploads` (
	`upload` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`campaign` text NOT NULL,
	`object` text NOT NULL,
	`etag` text NOT NULL,
	`status` text NOT NULL,
	`cards` integer,
	`faults` text,
	`at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `uploads_object` ON `uploads` (`object`,`upload`);--> statement-breakpoint
CREATE INDEX `uploads_campaign` ON `uploads` (`campaign`,`upload`);