/** Independent requests of the hub's parts, grouped by shard: one call each. */
import { serviceUnavailable } from '../../schema/meta/status.ts';
import type { Answer } from '../../schema/protocol/shard.ts';

/** Requests in one call; a message holds 32 MiB. */
const REQUESTS_PER_CALL_MAX = 1_000;

/** Answers in the order of the requests. Never rejects: what a shard does not answer is a 503. */
export async function callShards<R extends { readonly namespace: string }>(
  requests: readonly R[],
  call: (namespace: string, requests: readonly R[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const byShard = Map.groupBy(
    requests.map((request, index) => ({ request, index })),
    ({ request }) => request.namespace,
  );
  await Promise.all(
    [...byShard].map(async ([namespace, group]) => {
      for (let from = 0; from < group.length; from += REQUESTS_PER_CALL_MAX) {
        const part = group.slice(from, from + REQUESTS_PER_CALL_MAX);
        const given = await answersOf(
          part.map(({ request }) => request),
          (asked) => call(namespace, asked),
        );
        part.forEach(({ index }, at) => {
          answers[index] = given[at] as Answer;
        });
      }
    }),
  );
  return answers;
}

async function answersOf<R>(
  requests: readonly R[],
  call: (requests: readonly R[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  try {
    return await call(requests);
  } catch {
    const status = serviceUnavailable('the shard does not answer');
    return requests.map(() => ({ code: status.code, body: JSON.stringify(status) }));
  }
}
