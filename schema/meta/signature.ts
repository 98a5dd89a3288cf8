/** A signature to be verified, and who can: cryptography is the platform's. */
/** `rsa`: PKCS #1 v1.5; PSS is not among them, as workerd's synchronous cryptography lacks it. */
export type SignatureScheme = 'rsa' | 'ecdsa' | 'ed25519';

export interface SignatureCheck {
  readonly scheme: SignatureScheme;
  /** Absent where the scheme has its own. */
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  /** The public key, DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly signed: Uint8Array;
  /** As certificates carry it; of ECDSA in DER. */
  readonly signature: Uint8Array;
}

/** False also for keys and signatures that are malformed. Never throws. */
export type SignatureVerifier = (check: SignatureCheck) => boolean;
