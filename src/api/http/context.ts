import type { Background, Organization, Ports, Role } from "../../ports.ts";
import type { Config, RawEnv } from "../../env.ts";
import type { Quota } from "./rate-window.ts";

/** Who sent a request. `organization` is null for catalog readers without tenant. */
export interface Principal {
  /** API key id, or the token's `sub`. */
  subject: string;
  organization: Organization | null;
  role: Role | null;
  via: "apiKey" | "jwt" | "settingsToken";
}

/** What every route finds in its context; set by `app.ts` and the middleware of `api/http/`. */
export interface RequestVariables {
  ports: Ports;
  config: Config;
  background: Background;
  requestId: string;
  principal: Principal;
  /** The organisation the request acts in; set by `requireRole` on tenant-scoped routes. */
  organization: Organization;
  /** What the `RateLimit-*` headers of the answer say; unset means the address' budget of failed authentications. */
  quota?: Quota;
}

export interface AppEnv {
  Bindings: RawEnv;
  Variables: RequestVariables;
}
