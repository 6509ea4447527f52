/** What `cloudflare:workers` gives the tests as `exports`: those of the Worker's entry. */
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("../../src/index.ts");
  }
}
