/** Source: apiserver pkg/admission/plugin/namespace/lifecycle. */
import { forbidden, notFound } from '../../schema/meta/status.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

interface NamespaceStatus {
  readonly phase?: string;
}

/** Nothing is made in a namespace that does not exist or is going; some namespaces never go. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  admit(attributes, reader) {
    const { operation, resource, namespace, name } = attributes;
    if (resource === 'namespaces') {
      return operation === 'DELETE' && IMMORTAL.has(name)
        ? forbidden('namespaces', name, 'this namespace may not be deleted')
        : undefined;
    }
    if (namespace === '' || operation !== 'CREATE') return undefined;
    const found = reader.config('namespaces', namespace);
    if (found === undefined) return notFound('namespaces', namespace);
    if ((found['status'] as NamespaceStatus | undefined)?.phase !== 'Terminating') return undefined;
    const refused = refusal(
      attributes,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    const cause = {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    };
    return { ...refused, details: { ...refused.details, causes: [cause] } };
  },
};
