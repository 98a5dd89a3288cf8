/** What the Worker uses of Node's crypto, which the platform has (nodejs_compat): WebCrypto cannot be called inside a storage transaction. */
declare module 'node:crypto' {
  interface GcmCipher {
    setAAD(data: Uint8Array): this;
    update(data: Uint8Array): Uint8Array;
    final(): Uint8Array;
    getAuthTag(): Uint8Array;
  }
  interface GcmDecipher {
    setAAD(data: Uint8Array): this;
    setAuthTag(tag: Uint8Array): this;
    update(data: Uint8Array): Uint8Array;
    /** Throws when the tag does not fit. */
    final(): Uint8Array;
  }
  export function createCipheriv(algorithm: 'aes-256-gcm', key: Uint8Array, nonce: Uint8Array): GcmCipher;
  export function createDecipheriv(algorithm: 'aes-256-gcm', key: Uint8Array, nonce: Uint8Array): GcmDecipher;
  export function hkdfSync(
    digest: 'sha256',
    key: Uint8Array,
    salt: Uint8Array,
    info: Uint8Array,
    bytes: number,
  ): ArrayBuffer;
  /** Throws when the key cannot be read. */
  export function verify(
    algorithm: string | null | undefined,
    data: Uint8Array,
    key: { readonly key: string; readonly format: 'pem' },
    signature: Uint8Array,
  ): boolean;
}
