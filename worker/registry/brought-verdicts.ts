/**
 * What a write may do beyond itself is known only while it runs, inside a shard, where nobody can be
 * asked. So a write brings the verdicts it needs; those it lacks are noted, and it is sent again with them.
 */
import type { FurtherAuthorization, Permission } from '../../schema/meta/resource.ts';
import type { Verdict } from '../../schema/protocol/shard.ts';

const keyOf = ({ verb, apiGroup, resource, subresource, namespace, name }: Permission): string =>
  JSON.stringify([verb, apiGroup, resource, subresource, namespace, name]);

export class BroughtVerdicts implements FurtherAuthorization {
  readonly verb: string;
  readonly namespace: string;
  readonly #verdicts: ReadonlyMap<string, Verdict>;
  readonly #open = new Map<string, Permission>();

  constructor({ verb, namespace, verdicts = [] }: { verb: string; namespace: string; verdicts?: readonly Verdict[] }) {
    this.verb = verb;
    this.namespace = namespace;
    this.#verdicts = new Map(verdicts.map((verdict) => [keyOf(verdict.permission), verdict]));
  }

  refusal(permission: Permission): string | undefined {
    const key = keyOf(permission);
    const verdict = this.#verdicts.get(key);
    if (verdict) return verdict.refusal;
    this.#open.set(key, permission);
    return 'not decided yet';
  }

  /** What was asked without a verdict at hand. */
  get questions(): readonly Permission[] {
    return [...this.#open.values()];
  }
}
