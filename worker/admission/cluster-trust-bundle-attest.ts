/** Who says what a signer's anchors are must be allowed to attest for it. Source: plugin/pkg/admission/certificates/ctbattest. */
import { semanticEqual } from '../../schema/meta/deep-equal.ts';
import { goQuote } from '../../schema/meta/go-format.ts';
import type { KubeObject } from '../../schema/meta/object-meta.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';
import { signerNameOf } from './signer.ts';

/** Without what the garbage collector and the registry write. */
function essence(object: KubeObject | undefined): unknown {
  if (!object) return undefined;
  const { finalizers: _finalizers, ownerReferences: _owners, managedFields: _managers, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export const clusterTrustBundleAttest: AdmissionPlugin = {
  name: 'ClusterTrustBundleAttest',
  validate(attributes) {
    const { resource, operation, object, oldObject } = attributes;
    if (resource !== 'clustertrustbundles.certificates.k8s.io') return undefined;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return undefined;
    const signerName = signerNameOf(object);
    if (signerName === '') return undefined;
    if (operation === 'UPDATE' && semanticEqual(essence(object), essence(oldObject))) return undefined;
    if (attributes.mayUseSigner('attest', signerName)) return undefined;
    return refusal(attributes, `user not permitted to attest for signerName ${goQuote(signerName)}`);
  },
};
