import { z } from "zod";
import type { KeyDigests, StoredCredential } from "./ports/credential.ts";

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/);
const digests = z.object({ text: hex, bytes: hex.nullable() });

/** Key digests of a charger as JSON, bytes in hexadecimal digits. */
export const credentialText = z.object({
  salt: hex,
  current: digests,
  offered: z.array(digests.extend({ settledBy: z.enum(["nextLogin", "anyLogin"]) })),
});
export type CredentialText = z.infer<typeof credentialText>;

/** Converts digests to JSON. */
export function credentialToText({ salt, current, offered }: StoredCredential): CredentialText {
  return {
    salt: toHex(salt),
    current: digestsToText(current),
    offered: offered.map((key) => ({ ...digestsToText(key), settledBy: key.settledBy })),
  };
}

/** Converts JSON to digests. */
export function credentialFromText({ salt, current, offered }: CredentialText): StoredCredential {
  const keys = offered.map((key) => ({ ...digestsFromText(key), settledBy: key.settledBy }));
  const next = keys.at(-1) ?? null;
  return { salt: fromHex(salt), current: digestsFromText(current), offered: keys, next };
}

function digestsToText({ text, bytes }: KeyDigests) {
  return { text: toHex(text), bytes: bytes && toHex(bytes) };
}

function digestsFromText({ text, bytes }: CredentialText["current"]): KeyDigests {
  return { text: fromHex(text), bytes: bytes === null ? null : fromHex(bytes) };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}
