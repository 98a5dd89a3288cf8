/** Nobody becomes a master by certificate. Source: plugin/pkg/admission/certificates/subjectrestriction. */
import { decodeBase64Bytes } from '../../schema/meta/base64.ts';
import { parsePemRequest } from '../../schema/resources/certificates/certificate-request.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';
import { signerNameOf } from './signer.ts';

const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
const MASTERS = 'system:masters';

interface WithRequest {
  readonly spec?: { readonly request?: string };
}

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate(attributes) {
    const { resource, subresource, operation, object } = attributes;
    if (resource !== 'certificatesigningrequests.certificates.k8s.io' || subresource !== '') return undefined;
    if (operation !== 'CREATE' || signerNameOf(object) !== CLIENT_SIGNER) return undefined;
    const request = parsePemRequest(decodeBase64Bytes((object as WithRequest | undefined)?.spec?.request ?? ''));
    if (typeof request === 'string') return refusal(attributes, `failed to parse CSR: ${request}`);
    if (!request.organizations.includes(MASTERS)) return undefined;
    return refusal(attributes, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
  },
};
