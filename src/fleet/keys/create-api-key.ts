import type { ApiKey, Organization, Ports } from "../../ports.ts";
import { createApiKeyMaterial } from "./api-key-material.ts";
import type { KeyEnvironment } from "./api-key-material.ts";
import { ulidOf } from "../ids.ts";

export interface NewApiKey {
  name: string;
  role: ApiKey["role"];
  environment: KeyEnvironment;
}

/** Makes an API key and stores its digest. The result is the only copy of the key. */
export async function createApiKey(
  ports: Pick<Ports, "apiKeys" | "ids" | "clock">,
  organization: Organization,
  { name, role, environment }: NewApiKey,
): Promise<{ apiKey: ApiKey; key: string }> {
  const { key, prefix, digest } = await createApiKeyMaterial(environment);
  const id = `key_${ulidOf(ports.ids.uuid())}`;
  const apiKey = await ports.apiKeys.insert(
    organization.id,
    { id, name, role, prefix },
    digest,
    ports.clock.now(),
  );
  return { apiKey, key };
}
