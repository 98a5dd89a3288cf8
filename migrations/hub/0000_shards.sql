CREATE TABLE `counters` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `shards` (
	`namespace` text PRIMARY KEY NOT NULL,
	`active` integer NOT NULL
);
