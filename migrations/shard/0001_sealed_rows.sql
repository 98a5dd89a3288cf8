ALTER TABLE `changes` ADD `seal` text;--> statement-breakpoint
ALTER TABLE `objects` ADD `seal` text;