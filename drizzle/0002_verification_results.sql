ALTER TABLE `verifications` ADD `passed` boolean;--> statement-breakpoint
ALTER TABLE `verifications` ADD `restore_seconds` double;