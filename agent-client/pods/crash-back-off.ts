/**
 * Delays between attempts at something that keeps failing: doubling from 10 s to 5 min, forgotten after
 * 10 min of peace. Source: client-go flowcontrol.Backoff as the kubelet uses it.
 */
export const BACK_OFF_MS_MIN = 10_000;
export const BACK_OFF_MS_MAX = 300_000;
const FORGET_AFTER_MS = 2 * BACK_OFF_MS_MAX;

export interface BackOff {
  readonly delayMs: number;
  readonly updatedAt: number;
}

const isForgotten = (backOff: BackOff, eventAt: number): boolean => eventAt - backOff.updatedAt > FORGET_AFTER_MS;

/** After one more failure at `eventAt`. */
export function nextBackOff(backOff: BackOff | undefined, eventAt: number): BackOff {
  if (!backOff || isForgotten(backOff, eventAt)) return { delayMs: BACK_OFF_MS_MIN, updatedAt: eventAt };
  return { delayMs: Math.min(backOff.delayMs * 2, BACK_OFF_MS_MAX), updatedAt: eventAt };
}

/** Until when (ms since the epoch) the next attempt after the event at `eventAt` has to wait; undefined: it need not. */
export function heldUntil(backOff: BackOff | undefined, eventAt: number, now: number): number | undefined {
  if (!backOff || isForgotten(backOff, eventAt)) return undefined;
  const until = eventAt + backOff.delayMs;
  return until > now ? until : undefined;
}

/** A duration as Go prints it: `10s`, `1m20s`, `5m0s`, `393ms`. */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = ms / 1000;
  const text = (value: number): string => `${Number((Math.round(value * 1000) / 1000).toFixed(3))}s`;
  if (seconds < 60) return text(seconds);
  const minutes = Math.floor(seconds / 60);
  const rest = text(seconds - minutes * 60);
  return minutes < 60 ? `${minutes}m${rest}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}`;
}
