CREATE TABLE `backup_copies` (
	`backup_id` char(36) NOT NULL,
	`storage_id` char(36) NOT NULL,
	`state` varchar(32) NOT NULL,
	`problem` text,
	`attempts` int NOT NULL DEFAULT 0,
	`retry_at` datetime(3),
	`stored_at` datetime(3),
	`labels_version` int NOT NULL DEFAULT 0,
	CONSTRAINT `backup_copies_backup_id_storage_id_pk` PRIMARY KEY(`backup_id`,`storage_id`)
);
--> statement-breakpoint
CREATE TABLE `copies` (
	`id` char(36) NOT NULL,
	`backup_id` char(36) NOT NULL,
	`storage_id` char(36) NOT NULL,
	`actor` varchar(255) NOT NULL,
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
	CONSTRAINT `copies_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
INSERT IGNORE INTO `backup_copies` (`backup_id`, `storage_id`, `state`, `stored_at`) SELECT `id`, `storage_id`, 'STORED', `finished_at` FROM `backups` WHERE `status` = 'COMPLETED' AND `deleted_at` IS NULL;
--> statement-breakpoint
ALTER TABLE `backups` ADD `encrypted` boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `backups` ADD `key_id` varchar(64);--> statement-breakpoint
ALTER TABLE `backups` ADD `labels_version` int DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `downloads` ADD `read_until` datetime(3);--> statement-breakpoint
ALTER TABLE `downloads` ADD `actor` varchar(255);--> statement-breakpoint
ALTER TABLE `schedules` ADD `other_storage_ids` longtext;--> statement-breakpoint
ALTER TABLE `storages` ADD `secret` text;--> statement-breakpoint
ALTER TABLE `storages` ADD `marker_id` char(36);--> statement-breakpoint
ALTER TABLE `storages` ADD `bytes_per_second` bigint;--> statement-breakpoint
ALTER TABLE `backup_copies` ADD CONSTRAINT `backup_copies_backup_id_backups_id_fk` FOREIGN KEY (`backup_id`) REFERENCES `backups`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `backup_copies` ADD CONSTRAINT `backup_copies_storage_id_storages_id_fk` FOREIGN KEY (`storage_id`) REFERENCES `storages`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `copies` ADD CONSTRAINT `copies_backup_id_backups_id_fk` FOREIGN KEY (`backup_id`) REFERENCES `backups`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `copies` ADD CONSTRAINT `copies_storage_id_storages_id_fk` FOREIGN KEY (`storage_id`) REFERENCES `storages`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `backup_copies_storage` ON `backup_copies` (`storage_id`,`state`);--> statement-breakpoint
CREATE INDEX `backup_copies_state` ON `backup_copies` (`state`,`retry_at`);--> statement-breakpoint
CREATE INDEX `copies_backup` ON `copies` (`backup_id`);--> statement-breakpoint
CREATE INDEX `copies_status` ON `copies` (`status`,`created_at`);--> statement-breakpoint
CREATE INDEX `copies_storage` ON `copies` (`storage_id`);--> statement-breakpoint
CREATE INDEX `downloads_backup` ON `downloads` (`backup_id`,`read_until`);