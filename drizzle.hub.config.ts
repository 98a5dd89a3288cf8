import { defineConfig } from 'drizzle-kit';

/** `npx drizzle-kit generate --config drizzle.hub.config.ts`; then list the file in `migrations/hub.ts`. */
export default defineConfig({
  dialect: 'sqlite',
  driver: 'durable-sqlite',
  schema: './schema/tables/hub.ts',
  out: './migrations/hub',
});
