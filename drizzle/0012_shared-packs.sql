DROP INDEX `backups_kept` ON `backups`;--> statement-breakpoint
DROP INDEX `backups_finished` ON `backups`;--> statement-breakpoint
ALTER TABLE `backups` ADD `counted_size` bigint;--> statement-breakpoint
ALTER TABLE `backups` ADD `base_id` char(36);--> statement-breakpoint
CREATE INDEX `backups_base` ON `backups` (`base_id`,`status`);--> statement-breakpoint
CREATE INDEX `backups_kept` ON `backups` (`deleted_at`,`status`,`source_id`,`storage_id`,`stored_size`,`counted_size`,`size`);--> statement-breakpoint
CREATE INDEX `backups_finished` ON `backups` (`finished_at`,`status`,`source_id`,`storage_id`,`stored_size`,`counted_size`,`size`,`started_at`,`deleted_at`);