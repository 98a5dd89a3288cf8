/** Durations as kubectl's columns show them. Source: apimachinery util/duration. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const two = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;

/**
 * Two or three significant figures: `45s`, `3m12s`, `25m`, `5h3m`, `3d4h`, `2y45d`.
 * A clock up to two seconds ahead counts as now; more is `<invalid>`.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  const minutes = Math.floor(seconds / MINUTE);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(seconds / HOUR);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(seconds / DAY);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.floor(seconds / YEAR);
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

/** One figure: `45s`, `3m`, `5h`, `3d`, `2y`. */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return seconds < YEAR ? `${Math.floor(seconds / DAY)}d` : `${Math.floor(seconds / YEAR)}y`;
}

/**
 * The AGE column of something that began at `since` (an RFC 3339 time), as seen at `now`
 * (ms since the epoch). No time prints `<unknown>`.
 */
export function ageSince(since: string | undefined | null, now: number): string {
  if (!since) return '<unknown>';
  return humanDuration(now - Date.parse(since));
}
