/** When a schedule is due. Source: robfig/cron v3 spec.go (Next), constantdelay.go. Times in ms since the epoch. */
import type { CronSchedule } from '../../../schema/resources/batch/cron-schedule.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;
/** A schedule that is not due within so many days never is (31 February). */
const SEARCH_DAYS_MAX = 5 * 366;

/** The first time after `after`; undefined when there is none. `timeZone`: an IANA name, empty for UTC. */
export function nextTime(schedule: CronSchedule, after: number, timeZone: string): number | undefined {
  if (schedule.kind === 'every') return Math.floor(after / SECOND) * SECOND + schedule.durationMs;
  let local: number | undefined = after + zoneOffset(after, timeZone);
  for (;;) {
    local = nextLocal(schedule, local);
    if (local === undefined) return undefined;
    const time = fromLocal(local, timeZone);
    // A wall clock time that a change of offset skips is skipped here, too.
    if (time !== undefined && time > after) return time;
  }
}

type Fields = Extract<CronSchedule, { kind: 'fields' }>;

/** The same on a clock that has no zone: local times are written as if they were UTC. */
function nextLocal(schedule: Fields, after: number): number | undefined {
  const first = Math.floor(after / MINUTE) * MINUTE + MINUTE;
  const hours = [...schedule.hour].sort((a, b) => a - b);
  const minutes = [...schedule.minute].sort((a, b) => a - b);
  let day = Math.floor(first / DAY) * DAY;
  for (let i = 0; i < SEARCH_DAYS_MAX; i++, day += DAY) {
    if (!matchesDay(schedule, new Date(day))) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const time = day + hour * 60 * MINUTE + minute * MINUTE;
        if (time >= first) return time;
      }
    }
  }
  return undefined;
}

/** Where both day fields are given, either will do. */
function matchesDay(schedule: Fields, day: Date): boolean {
  if (!schedule.month.has(day.getUTCMonth() + 1)) return false;
  const isDay = schedule.dayOfMonth.has(day.getUTCDate());
  const isWeekday = schedule.dayOfWeek.has(day.getUTCDay());
  return schedule.isAnyDayOfMonth || schedule.isAnyDayOfWeek ? isDay && isWeekday : isDay || isWeekday;
}

function fromLocal(local: number, timeZone: string): number | undefined {
  for (const guess of [
    local - zoneOffset(local, timeZone),
    local - zoneOffset(local - zoneOffset(local, timeZone), timeZone),
  ]) {
    if (guess + zoneOffset(guess, timeZone) === local) return guess;
  }
  return undefined;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** ms to be added to a time to get the zone's wall clock. */
export function zoneOffset(time: number, timeZone: string): number {
  if (timeZone === '' || timeZone === 'UTC') return 0;
  const format = formats.get(timeZone) ?? newFormat(timeZone);
  formats.set(timeZone, format);
  const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / SECOND) * SECOND;
}

const newFormat = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

export interface DueTime {
  /** The latest time that is over; undefined when none since `since`. */
  readonly latest: number | undefined;
  readonly isManyMissed: boolean;
}

const MISSED_MAX = 100;

/** What is due at `now`, of the times after `since`. Source: pkg/controller/cronjob utils.go mostRecentScheduleTime. */
export function dueTime(schedule: CronSchedule, since: number, now: number, timeZone: string): DueTime {
  const first = nextTime(schedule, since, timeZone);
  if (first === undefined || first > now) return { latest: undefined, isManyMissed: false };
  const second = nextTime(schedule, first, timeZone);
  if (second === undefined || second > now) return { latest: first, isManyMissed: false };
  const missed = Math.floor((now - first) / (second - first)) + 1;
  let latest: number | undefined;
  // Starting near the end instead of at the beginning: there may be thousands.
  const start = missed > MISSED_MAX ? first + (missed - 2) * (second - first) : first - 1;
  for (
    let time = nextTime(schedule, start, timeZone);
    time !== undefined && time <= now;
    time = nextTime(schedule, time, timeZone)
  ) {
    latest = time;
  }
  return { latest, isManyMissed: missed > MISSED_MAX };
}
