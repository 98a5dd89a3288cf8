/** CertificateSigningRequest as it comes and goes. */
import type { ICertificateSigningRequest } from 'kubernetes-models/certificates.k8s.io/v1/CertificateSigningRequest';
import type { Typed } from '../../meta/object-meta.ts';

export type CertificateSigningRequest = Typed<ICertificateSigningRequest>;
type Status = NonNullable<CertificateSigningRequest['status']>;
export type Condition = NonNullable<Status['conditions']>[number];
