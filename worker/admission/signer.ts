import type { KubeObject } from '../../schema/meta/object-meta.ts';

interface WithSigner {
  readonly spec?: { readonly signerName?: string };
}

/** The signer an object of certificates.k8s.io is for; empty: none. */
export const signerNameOf = (object: KubeObject | undefined): string =>
  (object as WithSigner | undefined)?.spec?.signerName ?? '';
