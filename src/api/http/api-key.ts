import type { Context } from "hono";
import { apiKeyDigest, looksLikeApiKey } from "../../fleet/keys/api-key-material.ts";
import { accessState } from "./access-state.ts";
import type { AppEnv, Principal } from "./context.ts";

const TOUCH_EVERY_MS = 60_000;
const TOUCHED_KEYS_MAX = 10_000;

/**
 * The principal of an API key, or null when it is not a live key. Only digests are looked up and compared.
 * @param guessesLeft false: the address has failed too often, so only keys that were found before are looked up
 */
export async function principalOfApiKey(
  c: Context<AppEnv>,
  apiKey: string,
  guessesLeft: boolean,
): Promise<Principal | null> {
  if (!looksLikeApiKey(apiKey)) return null;
  const ports = c.get("ports");
  const state = accessState(c.get("config"));
  const digest = state.digests.get(apiKey) ?? (await apiKeyDigest(apiKey));
  if (!guessesLeft && !state.apiKeys.knows(digest)) return null;
  const found = await state.apiKeys.get(
    digest,
    () => ports.apiKeys.findByDigest(digest),
    ports.clock.now().getTime(),
    c.get("background"),
  );
  if (!found) return null;
  state.digests.remember(apiKey, digest, ports.clock.now().getTime());
  touch(c, found.key.id, found.key.lastUsedAt);
  return {
    subject: found.key.id,
    organization: found.organization,
    role: found.key.role,
    via: "apiKey",
  };
}

/** Writes `lastUsed` in the background, at most once a minute for each key. */
function touch(c: Context<AppEnv>, id: string, lastUsedAt: Date | null): void {
  const { touchedAtMs } = accessState(c.get("config"));
  const now = c.get("ports").clock.now();
  const last = touchedAtMs.get(id) ?? lastUsedAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  if (now.getTime() - last < TOUCH_EVERY_MS) return;
  if (touchedAtMs.size >= TOUCHED_KEYS_MAX) touchedAtMs.clear();
  touchedAtMs.set(id, now.getTime());
  c.get("background")(
    c
      .get("ports")
      .apiKeys.touch(id, now)
      .catch(() => undefined),
  );
}
