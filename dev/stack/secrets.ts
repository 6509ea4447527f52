import { randomBytes } from "node:crypto";
import { z } from "zod";
import { readStored, writeJson } from "./write-json.ts";

const organization = z.object({
  organization: z.string(),
  organization_slug: z.string(),
  api_key: z.string(),
  key_id: z.string(),
});

/** `secrets.json` of a data directory, by the names of the Worker's variables. */
const secrets = z.object({
  JWT_SECRET: z.string(),
  SETTINGS_TOKEN_SECRET: z.string(),
  CREDENTIAL_SECRET: z.string(),
  UPSTASH_REDIS_REST_TOKEN: z.string(),
  QSTASH_TOKEN: z.string(),
  QSTASH_CURRENT_SIGNING_KEY: z.string(),
  QSTASH_NEXT_SIGNING_KEY: z.string(),
  /** The first organisation and its owner key; missing until the first start has created them. */
  organization: organization.optional(),
});
export type Secrets = z.infer<typeof secrets>;
export type FirstOrganization = z.infer<typeof organization>;

const CURE =
  "Put it back from a copy: without its keys nothing that is stored beside it can be read. To start empty, pass another directory with --data.";

const random = (prefix = "") => prefix + randomBytes(32).toString("base64url");

function generate(): Secrets {
  return {
    JWT_SECRET: random(),
    SETTINGS_TOKEN_SECRET: random(),
    CREDENTIAL_SECRET: random(),
    UPSTASH_REDIS_REST_TOKEN: random(),
    QSTASH_TOKEN: random(),
    QSTASH_CURRENT_SIGNING_KEY: random("sig_"),
    QSTASH_NEXT_SIGNING_KEY: random("sig_"),
  };
}

/**
 * The directory's secrets, created at the first start and never changed.
 * @throws StackError when the file is damaged.
 */
export function loadSecrets(file: string): Secrets {
  const stored = readStored(file, secrets, CURE);
  if (stored !== undefined) return stored;
  const fresh = generate();
  writeJson(file, fresh);
  return fresh;
}

export function saveSecrets(file: string, value: Secrets): void {
  writeJson(file, value);
}
