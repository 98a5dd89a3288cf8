/** What `exports` of `cloudflare:workers` are in the tests that run in workerd. */
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import('../worker/main.ts');
  }
}
