INSERT INTO `setting_values` (`name`, `value`, `origin`, `updated_at`, `actor`)
	SELECT 'compression', JSON_QUOTE(`compression`), 'DASHBOARD', UTC_TIMESTAMP(3), 'an earlier release' FROM `settings` WHERE (`compression`, `compression_level`) <> ('ZSTD', 3);
--> statement-breakpoint
INSERT INTO `setting_values` (`name`, `value`, `origin`, `updated_at`, `actor`)
	SELECT 'compressionLevel', CAST(`compression_level` AS CHAR), 'DASHBOARD', UTC_TIMESTAMP(3), 'an earlier release' FROM `settings` WHERE (`compression`, `compression_level`) <> ('ZSTD', 3);
--> statement-breakpoint
DROP TABLE `settings`;
