ALTER TABLE `backups` ADD `database_engine` varchar(32) DEFAULT 'AUTO' NOT NULL;--> statement-breakpoint
ALTER TABLE `backups` ADD `engine_used` varchar(32);--> statement-breakpoint
ALTER TABLE `backups` ADD `engine_reason` text;--> statement-breakpoint
ALTER TABLE `backups` ADD `media_mode` varchar(32) DEFAULT 'ARCHIVE' NOT NULL;--> statement-breakpoint
ALTER TABLE `backups` ADD `added_size` bigint;--> statement-breakpoint
ALTER TABLE `backups` ADD `source_load` longtext;--> statement-breakpoint
ALTER TABLE `schedules` ADD `database_engine` varchar(32);--> statement-breakpoint
ALTER TABLE `schedules` ADD `media_mode` varchar(32);--> statement-breakpoint
ALTER TABLE `sources` ADD `database_engine` varchar(32) DEFAULT 'AUTO' NOT NULL;--> statement-breakpoint
ALTER TABLE `sources` ADD `media_mode` varchar(32) DEFAULT 'ARCHIVE' NOT NULL;--> statement-breakpoint
ALTER TABLE `sources` ADD `threads` int;--> statement-breakpoint
ALTER TABLE `sources` ADD `bytes_per_second` bigint;--> statement-breakpoint
ALTER TABLE `sources` ADD `low_priority` boolean DEFAULT true NOT NULL;