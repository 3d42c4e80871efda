CREATE TABLE `audit_entries` (
	`id` char(36) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`actor` varchar(255) NOT NULL,
	`action` varchar(60) NOT NULL,
	`subject` varchar(255),
	`details` longtext,
	CONSTRAINT `audit_entries_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `cleanups` (
	`id` char(36) NOT NULL,
	`trigger` varchar(32) NOT NULL,
	`actor` varchar(255) NOT NULL,
	`removed_count` int NOT NULL DEFAULT 0,
	`freed_bytes` bigint NOT NULL DEFAULT 0,
	`record` longtext,
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
	CONSTRAINT `cleanups_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `alert_states` (
	`id` int AUTO_INCREMENT NOT NULL,
	`subject` varchar(80) NOT NULL,
	`event` varchar(32) NOT NULL,
	`raised` boolean NOT NULL,
	`since` datetime(3) NOT NULL,
	`cursor_at` datetime(3),
	`cursor_id` varchar(36),
	`details` longtext,
	CONSTRAINT `alert_states_id` PRIMARY KEY(`id`),
	CONSTRAINT `alert_states_subject_event` UNIQUE(`subject`,`event`)
);
--> statement-breakpoint
CREATE TABLE `channels` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`kind` varchar(32) NOT NULL,
	`config` longtext NOT NULL,
	`secret` text,
	`events` longtext NOT NULL,
	`source_ids` longtext,
	`active` boolean NOT NULL,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `channels_id` PRIMARY KEY(`id`),
	CONSTRAINT `channels_name_unique` UNIQUE(`name`)
);
--> statement-breakpoint
CREATE TABLE `deliveries` (
	`id` char(36) NOT NULL,
	`channel_id` char(36),
	`channel_name` varchar(120) NOT NULL,
	`event` varchar(32) NOT NULL,
	`subject` varchar(80) NOT NULL,
	`message` longtext NOT NULL,
	`status` varchar(32) NOT NULL,
	`attempts` int NOT NULL DEFAULT 0,
	`next_attempt_at` datetime(3),
	`last_error` text,
	`created_at` datetime(3) NOT NULL,
	`sent_at` datetime(3),
	CONSTRAINT `deliveries_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `schedule_runs` (
	`id` char(36) NOT NULL,
	`schedule_id` char(36) NOT NULL,
	`due_at` datetime(3) NOT NULL,
	`cause` varchar(32) NOT NULL,
	`state` varchar(32) NOT NULL,
	`reason` varchar(32),
	`message` text,
	`not_before` datetime(3) NOT NULL,
	`attempt` int NOT NULL DEFAULT 0,
	`operation_id` char(36),
	`due_count` int NOT NULL DEFAULT 1,
	`created_at` datetime(3) NOT NULL,
	`settled_at` datetime(3),
	CONSTRAINT `schedule_runs_id` PRIMARY KEY(`id`),
	CONSTRAINT `schedule_runs_due` UNIQUE(`schedule_id`,`due_at`)
);
--> statement-breakpoint
CREATE TABLE `schedules` (
	`id` char(36) NOT NULL,
	`name` varchar(120) NOT NULL,
	`kind` varchar(32) NOT NULL,
	`frequency` varchar(32) NOT NULL,
	`time_of_day` varchar(5),
	`day_of_week` int,
	`day_of_month` int,
	`cron` varchar(200),
	`time_zone` varchar(64) NOT NULL,
	`source_id` char(36) NOT NULL,
	`storage_id` char(36),
	`backup_type` varchar(32) NOT NULL,
	`compression` varchar(32),
	`exclude_logs` boolean NOT NULL,
	`retention` longtext,
	`verify_after` varchar(32),
	`missed_runs` varchar(32) NOT NULL,
	`grace_minutes` int NOT NULL,
	`overlap` varchar(32) NOT NULL,
	`jitter_seconds` int NOT NULL,
	`quiet_hours` longtext,
	`retries` int NOT NULL,
	`target_source_id` char(36),
	`restore_mode` varchar(32),
	`level` varchar(32),
	`active` boolean NOT NULL,
	`paused_reason` text,
	`considered_until` datetime(3) NOT NULL,
	`next_run_at` datetime(3),
	`last_run_at` datetime(3),
	`created_at` datetime(3) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `schedules_id` PRIMARY KEY(`id`),
	CONSTRAINT `schedules_name_unique` UNIQUE(`name`)
);
--> statement-breakpoint
CREATE TABLE `marks` (
	`name` varchar(60) NOT NULL,
	`value` longtext NOT NULL,
	CONSTRAINT `marks_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
CREATE TABLE `setting_values` (
	`name` varchar(60) NOT NULL,
	`value` longtext NOT NULL,
	`origin` varchar(32) NOT NULL,
	`updated_at` datetime(3) NOT NULL,
	`actor` varchar(255) NOT NULL,
	CONSTRAINT `setting_values_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
ALTER TABLE `backups` ADD `schedule_id` char(36);--> statement-breakpoint
ALTER TABLE `backups` ADD `deletion_problem` text;--> statement-breakpoint
ALTER TABLE `sources` ADD `target_backup_age_hours` int;--> statement-breakpoint
ALTER TABLE `sources` ADD `target_proof_age_hours` int;--> statement-breakpoint
ALTER TABLE `storages` ADD `size_cap_bytes` bigint;--> statement-breakpoint
ALTER TABLE `deliveries` ADD CONSTRAINT `deliveries_channel_id_channels_id_fk` FOREIGN KEY (`channel_id`) REFERENCES `channels`(`id`) ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `schedule_runs` ADD CONSTRAINT `schedule_runs_schedule_id_schedules_id_fk` FOREIGN KEY (`schedule_id`) REFERENCES `schedules`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `schedules` ADD CONSTRAINT `schedules_source_id_sources_id_fk` FOREIGN KEY (`source_id`) REFERENCES `sources`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `schedules` ADD CONSTRAINT `schedules_storage_id_storages_id_fk` FOREIGN KEY (`storage_id`) REFERENCES `storages`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `schedules` ADD CONSTRAINT `schedules_target_source_id_sources_id_fk` FOREIGN KEY (`target_source_id`) REFERENCES `sources`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `audit_entries_created` ON `audit_entries` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `cleanups_created` ON `cleanups` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `cleanups_status_created` ON `cleanups` (`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `deliveries_created` ON `deliveries` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`status`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `schedule_runs_state` ON `schedule_runs` (`state`,`not_before`);--> statement-breakpoint
CREATE INDEX `schedule_runs_operation` ON `schedule_runs` (`operation_id`);--> statement-breakpoint
CREATE INDEX `schedules_active_next` ON `schedules` (`active`,`next_run_at`);--> statement-breakpoint
ALTER TABLE `backups` ADD CONSTRAINT `backups_schedule_id_schedules_id_fk` FOREIGN KEY (`schedule_id`) REFERENCES `schedules`(`id`) ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `backups_schedule_created` ON `backups` (`schedule_id`,`created_at`,`id`);