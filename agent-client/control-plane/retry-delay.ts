/** How long to wait before asking the control plane again. Pure. */
const DELAY_MS_MIN = 100;
const DELAY_MS_MAX = 10_000;

/** After `failures` in a row (1 or more); `random` (0 to 1) spreads agents that lost the same server. */
export function retryDelay(failures: number, random: number): number {
  const full = Math.min(DELAY_MS_MIN * 2 ** (failures - 1), DELAY_MS_MAX);
  return Math.round(full * (0.5 + random / 2));
}
