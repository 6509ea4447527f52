import type { Context } from "hono";
import type { Change } from "../../fleet/change-chargers.ts";
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
interface RequestVariables {
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

/** In whose fleet the request changes something, and what keeps work alive that goes on after the answer. */
export function changeOf(c: Context<AppEnv>): Change & { organizationSlug: string } {
  const { id, slug } = c.get("organization");
  return { organizationId: id, organizationSlug: slug, background: c.get("background") };
}
