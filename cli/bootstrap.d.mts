/** The types of what TypeScript sources import from `bootstrap.mjs`, which runs before anything is installed. */
export const projectRoot: string;
/** Generates and bundles what is missing or older than its sources; ends the process when that fails. */
export function ensureBuilt(): void;
