CREATE TABLE `fresh_rewards` (
	`entry` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`cards` text NOT NULL
) STRICT;
--> statement-breakpoint
UPDATE `rewards` SET `next_attempt_at` = `created_at` WHERE `status` = 'pending' AND `next_attempt_at` IS NULL;--> statement-breakpoint
DROP INDEX `rewards_status`;--> statement-breakpoint
CREATE INDEX `rewards_waiting` ON `rewards` (`status`,`next_attempt_at`) WHERE "status" = 'failed' OR "next_attempt_at" IS NOT NULL;
