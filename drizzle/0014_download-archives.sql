ALTER TABLE `downloads` ADD `format` varchar(32);--> statement-breakpoint
ALTER TABLE `downloads` ADD `paths` longtext;