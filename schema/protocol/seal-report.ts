/** How far the rows that are sealed at rest lie under the key that seals new ones. */

/** How many rows lie under a seal: a key's `name/fingerprint`, or null for plain text. */
export interface SealCount {
  readonly seal: string | null;
  readonly rows: number;
}

/** Of one shard. */
export interface SealReport {
  /** What new rows are sealed under; null: they are stored in plain text. */
  readonly current: string | null;
  /** Every row lies under `current`. */
  readonly done: boolean;
  readonly rows: readonly SealCount[];
  /** Rows that could not be opened since the shard woke: their key is missing, or they were tampered with. */
  readonly unreadable: number;
}

/** Of the whole cluster; what `GET /internal/secrets-encryption` answers. */
export interface SealSummary {
  readonly current: string | null;
  readonly shards: number;
  /** Shards whose rows do not all lie under `current` yet, and those that did not answer. */
  readonly pendingShards: number;
  readonly rows: readonly SealCount[];
  readonly unreadable: number;
  /** What is wrong with the setting. */
  readonly problem?: string;
}

/** Stands for a seal where only numbers are kept: 48 bits of fingerprint, 1 for plain text, never 0. */
export const sealNumber = (seal: string | null): number =>
  seal === null ? 1 : Number.parseInt(seal.slice(seal.indexOf('/') + 1), 16);

/** Rows of the same seal added up. */
export function addedUp(counts: readonly SealCount[]): readonly SealCount[] {
  const bySeal = new Map<string | null, number>();
  for (const { seal, rows } of counts) bySeal.set(seal, (bySeal.get(seal) ?? 0) + rows);
  return [...bySeal].map(([seal, rows]) => ({ seal, rows }));
}
