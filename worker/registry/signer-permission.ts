/** Who may use a signer of certificates. Source: pkg/certauthorization IsAuthorizedForSignerName. */
import type { FurtherAuthorization, SignerVerb } from '../../schema/meta/resource.ts';

const SIGNERS = { apiGroup: 'certificates.k8s.io', resource: 'signers', subresource: '', namespace: '' } as const;

/** By the signer's own name, or by that of all signers of its domain. Without `authorization`: whoever may do anything. */
export const mayUseSigner =
  (authorization: FurtherAuthorization | undefined) =>
  (verb: SignerVerb, signerName: string): boolean => {
    if (!authorization) return true;
    const [domain = ''] = signerName.split('/');
    // Both are asked in any case: what is not known yet is found out in one go.
    const refusals = [signerName, `${domain}/*`].map((name) => authorization.refusal({ ...SIGNERS, verb, name }));
    return refusals.includes(undefined);
  };
