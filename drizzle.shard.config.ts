import { defineConfig } from 'drizzle-kit';

/** `npx drizzle-kit generate --config drizzle.shard.config.ts`; then list the file in `migrations/shard.ts`. */
export default defineConfig({
  dialect: 'sqlite',
  driver: 'durable-sqlite',
  schema: './schema/tables/shard.ts',
  out: './migrations/shard',
});
