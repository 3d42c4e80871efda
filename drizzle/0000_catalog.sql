CREATE TABLE `api_tokens` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`role` varchar(32) NOT NULL,
	`secret_hash` char(64) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`expires_at` datetime(3),
	`last_used_at` datetime(3),
	CONSTRAINT `api_tokens_id` PRIMARY KEY(`id`),
	CONSTRAINT `api_tokens_secretHash_unique` UNIQUE(`secret_hash`)
);
--> statement-breakpoint
CREATE TABLE `backup_manifests` (
	`backup_id` char(36) NOT NULL,
	`manifest` longtext NOT NULL,
	CONSTRAINT `backup_manifests_backup_id` PRIMARY KEY(`backup_id`)
);
--> statement-breakpoint
CREATE TABLE `backups` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`description` text,
	`type` varchar(32) NOT NULL,
	`trigger` varchar(32) NOT NULL,
	`actor` varchar(255) NOT NULL,
	`source_id` char(36) NOT NULL,
	`storage_id` char(36) NOT NULL,
	`compression` varchar(32) NOT NULL,
	`compression_level` int NOT NULL,
	`exclude_logs` boolean NOT NULL,
	`pinned` boolean NOT NULL DEFAULT false,
	`folder` varchar(255) NOT NULL,
	`artifacts` longtext NOT NULL,
	`size` bigint,
	`stored_size` bigint,
	`deleted_at` datetime(3),
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
	CONSTRAINT `backups_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `downloads` (
	`token_hash` char(64) NOT NULL,
	`backup_id` char(36) NOT NULL,
	`artifact` varchar(255),
	`filename` varchar(255) NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	CONSTRAINT `downloads_token_hash` PRIMARY KEY(`token_hash`)
);
--> statement-breakpoint
CREATE TABLE `operation_log` (
	`operation_id` char(36) NOT NULL,
	`sequence` int NOT NULL,
	`at` datetime(3) NOT NULL,
	`level` varchar(32) NOT NULL,
	`message` text NOT NULL,
	CONSTRAINT `operation_log_operation_id_sequence_pk` PRIMARY KEY(`operation_id`,`sequence`)
);
--> statement-breakpoint
CREATE TABLE `restores` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`type` varchar(32) NOT NULL,
	`mode` varchar(32) NOT NULL,
	`staged` boolean NOT NULL,
	`backup_before_restore` boolean NOT NULL,
	`actor` varchar(255) NOT NULL,
	`backup_id` char(36),
	`target_source_id` char(36) NOT NULL,
	`pre_restore_backup_id` char(36),
	`journal` longtext,
	`result` longtext,
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
	CONSTRAINT `restores_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`id` int NOT NULL,
	`compression` varchar(32) NOT NULL,
	`compression_level` int NOT NULL,
	CONSTRAINT `settings_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `sources` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`slug` varchar(80) NOT NULL,
	`database_host` varchar(255),
	`database_port` int,
	`database_user` varchar(255),
	`database_password` text,
	`database_name` varchar(255),
	`database_socket` varchar(512),
	`database_tls` boolean NOT NULL DEFAULT false,
	`media_paths` longtext NOT NULL,
	`exclude_patterns` longtext NOT NULL,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `sources_id` PRIMARY KEY(`id`),
	CONSTRAINT `sources_name_unique` UNIQUE(`name`),
	CONSTRAINT `sources_slug_unique` UNIQUE(`slug`)
);
--> statement-breakpoint
CREATE TABLE `storages` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`kind` varchar(32) NOT NULL,
	`config` longtext NOT NULL,
	`is_default` boolean NOT NULL DEFAULT false,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `storages_id` PRIMARY KEY(`id`),
	CONSTRAINT `storages_name_unique` UNIQUE(`name`)
);
--> statement-breakpoint
CREATE TABLE `accounts` (
	`id` char(36) NOT NULL,
	`account_id` varchar(255) NOT NULL,
	`provider_id` varchar(255) NOT NULL,
	`user_id` char(36) NOT NULL,
	`access_token` text,
	`refresh_token` text,
	`id_token` text,
	`access_token_expires_at` datetime(3),
	`refresh_token_expires_at` datetime(3),
	`scope` text,
	`password` text,
	`created_at` datetime(3) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `accounts_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` char(36) NOT NULL,
	`token` varchar(255) NOT NULL,
	`user_id` char(36) NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	`ip_address` varchar(64),
	`user_agent` text,
	`created_at` datetime(3) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `sessions_id` PRIMARY KEY(`id`),
	CONSTRAINT `sessions_token_unique` UNIQUE(`token`)
);
--> statement-breakpoint
CREATE TABLE `users` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`email` varchar(255) NOT NULL,
	`email_verified` boolean NOT NULL DEFAULT false,
	`image` text,
	`role` varchar(32) NOT NULL DEFAULT 'VIEWER',
	`created_at` datetime(3) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `users_id` PRIMARY KEY(`id`),
	CONSTRAINT `users_email_unique` UNIQUE(`email`)
);
--> statement-breakpoint
CREATE TABLE `auth_verifications` (
	`id` char(36) NOT NULL,
	`identifier` varchar(255) NOT NULL,
	`value` text NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `auth_verifications_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `agenda_jobs` (
	`id` bigint unsigned AUTO_INCREMENT NOT NULL,
	`name` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`type` varchar(10) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`priority` int NOT NULL DEFAULT 0,
	`data` longtext character set utf8mb4 collate utf8mb4_bin,
	`disabled` boolean NOT NULL DEFAULT false,
	`next_run_at` datetime(3),
	`rescheduled` boolean NOT NULL DEFAULT false,
	`locked_at` datetime(3),
	`last_run_at` datetime(3),
	`last_finished_at` datetime(3),
	`failed_at` datetime(3),
	`fail_count` int,
	`fail_reason` text character set utf8mb4 collate utf8mb4_bin,
	`progress` double,
	`repeat_interval` varchar(255) character set utf8mb4 collate utf8mb4_bin,
	`repeat_timezone` varchar(100) character set utf8mb4 collate utf8mb4_bin,
	`repeat_at` varchar(255) character set utf8mb4 collate utf8mb4_bin,
	`start_date` datetime(3),
	`end_date` datetime(3),
	`skip_days` longtext character set utf8mb4 collate utf8mb4_bin,
	`debounce_started_at` datetime(3),
	`fork` boolean NOT NULL DEFAULT false,
	`last_modified_by` varchar(255) character set utf8mb4 collate utf8mb4_bin,
	CONSTRAINT `agenda_jobs_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `agenda_locks` (
	`name` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	CONSTRAINT `agenda_locks_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
CREATE TABLE `agenda_logs` (
	`id` bigint unsigned AUTO_INCREMENT NOT NULL,
	`timestamp` datetime(3) NOT NULL,
	`level` varchar(10) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`event` varchar(30) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`job_id` varchar(255) character set utf8mb4 collate utf8mb4_bin,
	`job_name` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`message` text character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`duration` bigint,
	`error` text character set utf8mb4 collate utf8mb4_bin,
	`fail_count` int,
	`retry_delay` bigint,
	`retry_attempt` int,
	`agenda_name` varchar(255) character set utf8mb4 collate utf8mb4_bin,
	`meta` longtext character set utf8mb4 collate utf8mb4_bin,
	CONSTRAINT `agenda_logs_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
ALTER TABLE `backup_manifests` ADD CONSTRAINT `backup_manifests_backup_id_backups_id_fk` FOREIGN KEY (`backup_id`) REFERENCES `backups`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `backups` ADD CONSTRAINT `backups_source_id_sources_id_fk` FOREIGN KEY (`source_id`) REFERENCES `sources`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `backups` ADD CONSTRAINT `backups_storage_id_storages_id_fk` FOREIGN KEY (`storage_id`) REFERENCES `storages`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `downloads` ADD CONSTRAINT `downloads_backup_id_backups_id_fk` FOREIGN KEY (`backup_id`) REFERENCES `backups`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `restores` ADD CONSTRAINT `restores_backup_id_backups_id_fk` FOREIGN KEY (`backup_id`) REFERENCES `backups`(`id`) ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `restores` ADD CONSTRAINT `restores_target_source_id_sources_id_fk` FOREIGN KEY (`target_source_id`) REFERENCES `sources`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `restores` ADD CONSTRAINT `restores_pre_restore_backup_id_backups_id_fk` FOREIGN KEY (`pre_restore_backup_id`) REFERENCES `backups`(`id`) ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `accounts` ADD CONSTRAINT `accounts_user_id_users_id_fk` FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `sessions` ADD CONSTRAINT `sessions_user_id_users_id_fk` FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `backups_created` ON `backups` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `backups_source_created` ON `backups` (`source_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `backups_status_created` ON `backups` (`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `backups_storage` ON `backups` (`storage_id`,`status`);--> statement-breakpoint
CREATE INDEX `downloads_expires` ON `downloads` (`expires_at`);--> statement-breakpoint
CREATE INDEX `restores_created` ON `restores` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `restores_status_created` ON `restores` (`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `restores_target_created` ON `restores` (`target_source_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `accounts_user` ON `accounts` (`user_id`);--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE INDEX `auth_verifications_identifier` ON `auth_verifications` (`identifier`);--> statement-breakpoint
CREATE INDEX `agenda_jobs_claim` ON `agenda_jobs` (`name`,`disabled`,`locked_at`,`next_run_at`,`priority`);--> statement-breakpoint
CREATE INDEX `agenda_jobs_due` ON `agenda_jobs` (`next_run_at`);--> statement-breakpoint
CREATE INDEX `agenda_logs_time` ON `agenda_logs` (`timestamp`);--> statement-breakpoint
CREATE INDEX `agenda_logs_job` ON `agenda_logs` (`job_id`,`timestamp`);--> statement-breakpoint
CREATE INDEX `agenda_logs_name` ON `agenda_logs` (`job_name`,`timestamp`);