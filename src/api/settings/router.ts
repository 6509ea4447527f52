import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import { getSettingsCharger } from "./charger-model.ts";
import { getChargerSettings } from "./charger-settings.ts";
import { getSettingsState } from "./charger-state.ts";
import { settingsError } from "./errors.ts";
import { discoverTokens, issueToken } from "./issue-token.ts";
import { updateChargerSettings } from "./update-charger-settings.ts";

export const SETTINGS_OPERATIONS: readonly BoundOperation[] = [
  issueToken,
  discoverTokens,
  updateChargerSettings,
  getSettingsCharger,
  getSettingsState,
  getChargerSettings,
];

/** The settings surface with its token endpoint. Paths are complete: mount it at `/`. */
export function settingsRouter(): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({ strict: false });
  router.onError(settingsError);
  router.openAPIRegistry.registerComponent("securitySchemes", "OAuth2", {
    type: "oauth2",
    description: "A token of this surface, for the id and the secret of an API key",
    flows: { password: { tokenUrl: "/oauth/token", scopes: {} } },
  });
  for (const operation of SETTINGS_OPERATIONS) operation.mount(router);
  return router;
}
