/** What the bare Worker takes from the runtime. */
declare module "cloudflare:workers" {
  export class DurableObject {
    constructor(state: unknown, variables: unknown);
  }
}
