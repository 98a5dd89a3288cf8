/** The part of a Durable Object's storage that the stores need; the simulator brings its own over node:sqlite. */
export type SqlHost = Pick<DurableObjectStorage, 'sql' | 'transactionSync'>;

type Sync<T> = T extends PromiseLike<unknown> ? never : T;

/**
 * Runs `body` in one transaction. It must not await: an asynchronous body would commit in parts, so its
 * type is refused, and a promise that slips through is a bug that throws (and rolls back).
 */
export function transact<T>(host: SqlHost, body: () => Sync<T>): T {
  return host.transactionSync(() => {
    const result: unknown = body();
    if (result instanceof Promise) throw new Error('a storage transaction must be synchronous');
    return result as T;
  });
}
