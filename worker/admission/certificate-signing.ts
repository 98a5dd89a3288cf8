/** Who issues or fails a certificate must be allowed to sign for the signer. Source: plugin/pkg/admission/certificates/signing. */
import { semanticEqual } from '../../schema/meta/deep-equal.ts';
import { goQuote } from '../../schema/meta/go-format.ts';
import type { KubeObject } from '../../schema/meta/object-meta.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';
import { signerNameOf } from './signer.ts';

interface WithStatus {
  readonly status?: { readonly certificate?: string; readonly conditions?: unknown };
}

const answerOf = (object: KubeObject | undefined): object => {
  const { certificate, conditions } = (object as WithStatus | undefined)?.status ?? {};
  return { certificate, conditions };
};

export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  validate(attributes) {
    const { resource, subresource, operation, object, oldObject } = attributes;
    if (resource !== 'certificatesigningrequests.certificates.k8s.io' || subresource !== 'status') return undefined;
    if (operation !== 'UPDATE' || semanticEqual(answerOf(oldObject), answerOf(object))) return undefined;
    const signerName = signerNameOf(oldObject);
    if (attributes.mayUseSigner('sign', signerName)) return undefined;
    return refusal(attributes, `user not permitted to sign requests with signerName ${goQuote(signerName)}`);
  },
};
