import type { Verb } from '../../schema/meta/resource.ts';
import type { ApiRequest, Handled } from './api-request.ts';

/** A resource that is answered and never stored: the access and token reviews. */
export interface VirtualResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly verbs: readonly Verb[];
  handle(request: ApiRequest): Promise<Handled>;
}
