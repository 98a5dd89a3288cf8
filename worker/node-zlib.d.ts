/** What the Worker uses of Node's zlib, which the platform has (nodejs_compat). */
declare module 'node:zlib' {
  export function gzipSync(data: Uint8Array, options?: { readonly level?: number }): Uint8Array<ArrayBuffer>;
}
