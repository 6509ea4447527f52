import type { Context } from "hono";
import type { Change } from "../../fleet/change/change-chargers.ts";
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

/** Variables of the Hono context; set by `app.ts` and the middleware of `api/http/`. */
interface RequestVariables {
  ports: Ports;
  config: Config;
  background: Background;
  requestId: string;
  principal: Principal;
  /** The organisation the request acts in; set by `requireRole` on tenant-scoped routes. */
  organization: Organization;
  /** Values of the `RateLimit-*` headers. Unset: the headers show the failed authentications left to the address. */
  quota?: Quota;
}

export interface AppEnv {
  Bindings: RawEnv;
  Variables: RequestVariables;
}

/** The organisation in which the request changes something, and the hook for work that goes on after the answer. */
export function changeOf(c: Context<AppEnv>): Change & { organizationSlug: string } {
  const { id, slug } = c.get("organization");
  return { organizationId: id, organizationSlug: slug, background: c.get("background") };
}
