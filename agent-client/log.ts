/** The agent's own log: one JSON line per entry on stderr. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
