CREATE TABLE `uploads` (
	`id` char(36) NOT NULL,
	`filename` varchar(255) NOT NULL,
	`size` bigint NOT NULL,
	`received_bytes` bigint NOT NULL DEFAULT 0,
	`state` varchar(32) NOT NULL,
	`format` varchar(32),
	`inspection` longtext,
	`problem` longtext,
	`actor` varchar(255) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	CONSTRAINT `uploads_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `verifications` (
	`id` char(36) NOT NULL,
	`backup_id` char(36) NOT NULL,
	`level` varchar(32) NOT NULL,
	`actor` varchar(255) NOT NULL,
	`report` longtext,
	`status` varchar(32) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`started_at` datetime(3),
	`finished_at` datetime(3),
	`error_code` varchar(32),
	`error_reason` varchar(60),
	`error_message` text,
	`error_hint` text,
	`phase` varchar(32) NOT NULL DEFAULT 'PREPARING',
	`percent` double NOT NULL DEFAULT 0,
	`bytes_processed` bigint NOT NULL DEFAULT 0,
	`bytes_expected` bigint,
	`bytes_per_second` double,
	`eta_seconds` double,
	`current_item` text,
	`progress_at` datetime(3),
	`cancel_requested` boolean NOT NULL DEFAULT false,
	`worker` varchar(200),
	`lease_until` datetime(3),
	CONSTRAINT `verifications_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
ALTER TABLE `backups` ADD `warnings` longtext;--> statement-breakpoint
ALTER TABLE `backups` ADD `verify` varchar(32);--> statement-breakpoint
ALTER TABLE `downloads` ADD `path` text;--> statement-breakpoint
ALTER TABLE `restores` ADD `tables` longtext;--> statement-breakpoint
ALTER TABLE `restores` ADD `paths` longtext;--> statement-breakpoint
ALTER TABLE `restores` ADD `target_database` varchar(64);--> statement-breakpoint
ALTER TABLE `restores` ADD `upload_ids` longtext;--> statement-breakpoint
ALTER TABLE `restores` ADD `rewrites` longtext;--> statement-breakpoint
ALTER TABLE `verifications` ADD CONSTRAINT `verifications_backup_id_backups_id_fk` FOREIGN KEY (`backup_id`) REFERENCES `backups`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `uploads_expires` ON `uploads` (`expires_at`);--> statement-breakpoint
CREATE INDEX `verifications_backup_created` ON `verifications` (`backup_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `verifications_status_created` ON `verifications` (`status`,`created_at`,`id`);