import type { GroupResource } from '../../../schema/meta/object-meta.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import type { ServedResource } from '../served/served-resources.ts';

/** A subresource that is not simply its object written under other rules: `pods/log`, `pods/binding`, `serviceaccounts/token`. */
export interface SubresourceRoute {
  readonly resource: GroupResource;
  readonly subresource: string;
  /** What discovery says: the kind it answers and the verbs it serves. `group` and `version` only where they differ from the parent's. */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly ('create' | 'get' | 'update' | 'patch' | 'delete')[];
  handle(request: ApiRequest, resource: ServedResource): Promise<Handled>;
}
