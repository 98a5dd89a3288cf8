CREATE TABLE `changes` (
	`revision` integer PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`resource` text NOT NULL,
	`name` text NOT NULL,
	`previous_meta` text,
	`previous_text` text
);
--> statement-breakpoint
CREATE TABLE `effects` (
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`uid` text NOT NULL,
	`at` integer NOT NULL,
	`attempts` integer NOT NULL,
	PRIMARY KEY(`kind`, `key`)
);
--> statement-breakpoint
CREATE TABLE `facts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `moments` (
	`at` integer PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `objects` (
	`resource` text NOT NULL,
	`name` text NOT NULL,
	`revision` integer NOT NULL,
	`uid` text NOT NULL,
	`owners` text NOT NULL,
	`meta` text NOT NULL,
	`text` text NOT NULL,
	PRIMARY KEY(`resource`, `name`)
);
--> statement-breakpoint
CREATE TABLE `timers` (
	`controller` text NOT NULL,
	`key` text NOT NULL,
	`at` integer NOT NULL,
	`failures` integer NOT NULL,
	PRIMARY KEY(`controller`, `key`)
);
--> statement-breakpoint
CREATE INDEX `timers_at` ON `timers` (`at`);