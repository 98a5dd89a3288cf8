import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with `dist/` and `node_modules/`; this code runs from `dist/`. */
export const projectRoot = (): string =>
  process.env['ZEROPLANE_ROOT'] ?? dirname(dirname(fileURLToPath(import.meta.url)));
