/** What the Worker uses of Node's zlib and streams, which the platform has (nodejs_compat). */
declare module 'node:zlib' {
  interface Options {
    readonly level?: number;
  }

  export function gzipSync(data: Uint8Array, options?: Options): Uint8Array<ArrayBuffer>;
  export function createGzip(options?: Options): import('node:stream').Transform;
}

declare module 'node:stream' {
  /** Opaque: only to be turned into a web stream. */
  export interface Transform {
    readonly readable: boolean;
  }
  export const Duplex: {
    toWeb(stream: Transform): ReadableWritablePair<Uint8Array, Uint8Array>;
  };
}
