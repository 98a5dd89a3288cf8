import type { Migrations } from '../../worker/storage/migrate.ts';

declare const migrations: Migrations;
export default migrations;
