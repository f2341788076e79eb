CREATE TABLE `__new_cards` (
	`campaign` text NOT NULL,
	`card` text NOT NULL,
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
	`returned` integer,
	PRIMARY KEY(`campaign`, `card`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_cards` (`campaign`, `card`, `shard`, `version`, `state`, `prize`, `request`, `recipient`, `line_user`, `metadata`, `segment`, `position`, `code`, `issued_at`, `expires_at`, `revealed_at`, `redeemed_at`, `used_at`, `ended_at`, `reason`, `store`, `till`, `returned`)
SELECT `campaign`, `card`, `shard`, `version`, `state`, `prize`, `request`, `recipient`, `line_user`, `metadata`, `segment`, `position`, `code`, `issued_at`, `expires_at`, `revealed_at`, `redeemed_at`, `used_at`, `ended_at`, `reason`, `store`, `till`, `returned`
FROM `cards` ORDER BY `campaign`, `card`;--> statement-breakpoint
DROP TABLE `cards`;--> statement-breakpoint
ALTER TABLE `__new_cards` RENAME TO `cards`;--> statement-breakpoint
CREATE INDEX `cards_line_user` ON `cards` (`line_user`,`campaign`,`issued_at`) WHERE `line_user` IS NOT NULL;--> statement-breakpoint
CREATE INDEX `cards_code` ON `cards` (`code`) WHERE `code` IS NOT NULL;--> statement-breakpoint
CREATE TABLE `__new_rewards` (
	`campaign` text NOT NULL,
	`card` text NOT NULL,
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
	`receipt` text,
	`redrives` integer DEFAULT 0 NOT NULL,
	`failed_at` integer,
	PRIMARY KEY(`campaign`, `card`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_rewards` (`campaign`, `card`, `prize`, `kind`, `line_user`, `recipient`, `status`, `attempts`, `created_at`, `next_attempt_at`, `granted_at`, `last_error`, `receipt`, `redrives`, `failed_at`)
SELECT `campaign`, `card`, `prize`, `kind`, `line_user`, `recipient`, `status`, `attempts`, `created_at`, `next_attempt_at`, `granted_at`, `last_error`, `receipt`, `redrives`, `failed_at`
FROM `rewards` ORDER BY `campaign`, `card`;--> statement-breakpoint
DROP TABLE `rewards`;--> statement-breakpoint
ALTER TABLE `__new_rewards` RENAME TO `rewards`;--> statement-breakpoint
CREATE INDEX `rewards_status` ON `rewards` (`status`,`next_attempt_at`) WHERE `status` <> 'granted';