CREATE TABLE `lake_outbox` (
	`entry` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`campaign` text NOT NULL,
	`at` integer NOT NULL,
	`body` text NOT NULL
) STRICT;
--> statement-breakpoint
ALTER TABLE `rewards` ADD `failed_at` integer;
--> statement-breakpoint
UPDATE `rewards` SET `failed_at` = `created_at` WHERE `status` = 'failed';
--> statement-breakpoint
INSERT INTO `minute_counters` (`campaign`, `minute`, `type`, `prize`, `count`)
SELECT `campaign`, `issued_at` / 60000 * 60000, 'issued_as_fallback', `prize`, count(*)
FROM `cards` WHERE `segment` IS NULL AND `issued_at` IS NOT NULL GROUP BY 1, 2, 4;
--> statement-breakpoint
UPDATE `minute_counters` SET `count` = `minute_counters`.`count` - `fallback`.`count`
FROM (SELECT * FROM `minute_counters` WHERE `type` = 'issued_as_fallback') AS `fallback`
WHERE `minute_counters`.`type` = 'issued' AND `minute_counters`.`campaign` = `fallback`.`campaign`
  AND `minute_counters`.`minute` = `fallback`.`minute` AND `minute_counters`.`prize` = `fallback`.`prize`;
--> statement-breakpoint
INSERT INTO `minute_counters` (`campaign`, `minute`, `type`, `prize`, `count`)
SELECT `campaign`, `granted_at` / 60000 * 60000, 'reward_granted', `prize`, count(*)
FROM `rewards` WHERE `status` = 'granted' GROUP BY 1, 2, 4;
--> statement-breakpoint
INSERT INTO `minute_counters` (`campaign`, `minute`, `type`, `prize`, `count`)
SELECT `campaign`, `failed_at` / 60000 * 60000, 'reward_failed', `prize`, count(*)
FROM `rewards` WHERE `status` = 'failed' GROUP BY 1, 2, 4;
--> statement-breakpoint
INSERT INTO `minute_counters` (`campaign`, `minute`, `type`, `prize`, `count`)
SELECT `campaign`, `ended_at` / 60000 * 60000, 'returned', `prize`, count(*)
FROM `cards` WHERE `returned` = 1 GROUP BY 1, 2, 4;
