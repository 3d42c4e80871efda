ALTER TABLE `backups` ADD `deletion_attempts` int DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `backups` ADD `deletion_retry_at` datetime(3);--> statement-breakpoint
ALTER TABLE `cleanups` ADD `request` longtext;--> statement-breakpoint
CREATE INDEX `backups_deleted` ON `backups` (`deleted_at`,`deletion_retry_at`);--> statement-breakpoint
CREATE INDEX `verifications_created` ON `verifications` (`created_at`,`id`);