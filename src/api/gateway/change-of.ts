import type { Context } from "hono";
import type { Change } from "../../fleet/change-chargers.ts";
import type { AppEnv } from "../http/context.ts";

/** In whose fleet the request changes something, and who holds what goes on behind the answer. */
export function changeOf(c: Context<AppEnv>): Change & { organizationSlug: string } {
  const { id, slug } = c.get("organization");
  return { organizationId: id, organizationSlug: slug, background: c.get("background") };
}
