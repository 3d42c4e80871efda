CREATE TABLE `past_operations` (
	`id` char(36) NOT NULL,
	`kind` varchar(32) NOT NULL,
	`source_id` char(36) NOT NULL,
	`storage_id` char(36) NOT NULL,
	`status` varchar(32) NOT NULL,
	`passed` boolean,
	`started_at` datetime(3),
	`finished_at` datetime(3),
	`size` bigint,
	`stored_size` bigint,
	`removed_at` datetime(3) NOT NULL,
	CONSTRAINT `past_operations_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
DROP INDEX `backups_created` ON `backups`;--> statement-breakpoint
DROP INDEX `backups_status_created` ON `backups`;--> statement-breakpoint
CREATE INDEX `past_operations_finished` ON `past_operations` (`kind`,`finished_at`,`status`,`source_id`,`storage_id`,`stored_size`,`size`,`started_at`,`passed`);--> statement-breakpoint
CREATE INDEX `past_operations_removed` ON `past_operations` (`kind`,`removed_at`,`status`,`source_id`,`storage_id`,`stored_size`);--> statement-breakpoint
CREATE INDEX `backups_listed` ON `backups` (`created_at`,`id`,`deleted_at`,`status`,`type`,`pinned`,`storage_id`);--> statement-breakpoint
CREATE INDEX `backups_source_listed` ON `backups` (`source_id`,`created_at`,`id`,`deleted_at`,`status`,`type`,`pinned`);--> statement-breakpoint
DROP INDEX `backups_source_created` ON `backups`;--> statement-breakpoint
CREATE INDEX `backups_kept` ON `backups` (`deleted_at`,`status`,`source_id`,`storage_id`,`stored_size`,`size`);--> statement-breakpoint
CREATE INDEX `backups_finished` ON `backups` (`finished_at`,`status`,`source_id`,`storage_id`,`stored_size`,`size`,`started_at`,`deleted_at`);--> statement-breakpoint
CREATE INDEX `verifications_finished` ON `verifications` (`finished_at`,`status`,`passed`,`backup_id`);--> statement-breakpoint
CREATE INDEX `backups_status_created` ON `backups` (`status`,`created_at`,`id`,`deleted_at`);