/** Who approves or denies must be allowed to for the signer. Source: plugin/pkg/admission/certificates/approval. */
import { goQuote } from '../../schema/meta/go-format.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';
import { signerNameOf } from './signer.ts';

export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  validate(attributes) {
    const { resource, subresource, operation, oldObject } = attributes;
    if (resource !== 'certificatesigningrequests.certificates.k8s.io' || subresource !== 'approval') return undefined;
    if (operation !== 'UPDATE') return undefined;
    const signerName = signerNameOf(oldObject);
    if (attributes.mayUseSigner('approve', signerName)) return undefined;
    return refusal(attributes, `user not permitted to approve requests with signerName ${goQuote(signerName)}`);
  },
};
