import type { Verb } from '../../../schema/meta/resource.ts';
import type { ApiRequest, Handled } from '../api-request.ts';

/** A resource that is answered and never stored: the access and token reviews, the components' statuses. */
export interface VirtualResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly verbs: readonly Verb[];
  readonly shortNames?: readonly string[];
  /** Paths may name one. */
  readonly hasNames?: boolean;
  handle(request: ApiRequest): Promise<Handled>;
}
