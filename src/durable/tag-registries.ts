import type { Env } from "../env.ts";
import type { KnownTag } from "../ocpp/tag-judgement.ts";
import type { TagRegistries, WantedVendors } from "../ports.ts";
import { registryName, tagShard } from "../tag-shard.ts";
import { reach } from "./reach.ts";
import type { TagRegistry } from "./tag-registry.ts";

/** Longest wait for a tag before a station is answered (OCPP CALLs are answered within seconds). */
const JUDGE_TIMEOUT_MS = 1000;
/** `put` may have to load a shard first. */
const PUT_TIMEOUT_MS = 10_000;

/** The shard that also knows whose vendor messages are wanted. */
const VENDORS_SHARD = 0;

type Stub = {
  [Name in "judge" | "put" | "reload" | "wantedVendors" | "reloadVendors"]: (
    ...args: Parameters<TagRegistry[Name]>
  ) => Promise<Awaited<ReturnType<TagRegistry[Name]>>>;
};

type Binding = Pick<Env, "TAG_REGISTRY">;

function stubOf(env: Binding, organizationId: string, shard: number): Stub {
  return env.TAG_REGISTRY.getByName(registryName(organizationId, shard)) as unknown as Stub;
}

/** Asks the registry for one tag; see `TagRegistry.judge`. @throws Unavailable */
export type AskRegistry = (
  organizationId: string,
  key: string,
  chargerId: string,
) => Promise<KnownTag | null | "unknown">;

export function registryReader(env: Binding): AskRegistry {
  return (organizationId, key, chargerId) => {
    const shard = tagShard(key);
    const call = async () => stubOf(env, organizationId, shard).judge(organizationId, shard, key, chargerId);
    return reach(JUDGE_TIMEOUT_MS, call, { repeats: true });
  };
}

/** Asks the registry whose vendor messages webhooks want; see `TagRegistry.wantedVendors`. @throws Unavailable */
export type AskVendors = (organizationId: string) => Promise<WantedVendors | "unknown">;

export function vendorsReader(env: Binding): AskVendors {
  return (organizationId) => {
    const call = async () => stubOf(env, organizationId, VENDORS_SHARD).wantedVendors(organizationId);
    return reach(JUDGE_TIMEOUT_MS, call, { repeats: true });
  };
}

/** The tag registry, in `TagRegistry` objects. */
export function durableTagRegistries(env: Binding): TagRegistries {
  const ask = <T>(organizationId: string, shard: number, call: (stub: Stub) => Promise<T>): Promise<T> =>
    reach(PUT_TIMEOUT_MS, () => call(stubOf(env, organizationId, shard)), { repeats: true });
  return {
    put: (update) => ask(update.organizationId, update.shard, (stub) => stub.put(update)),
    reload: (organizationId, shard) =>
      ask(organizationId, shard, (stub) => stub.reload(organizationId, shard)),
    reloadVendors: (organizationId) =>
      ask(organizationId, VENDORS_SHARD, (stub) => stub.reloadVendors(organizationId)),
  };
}
