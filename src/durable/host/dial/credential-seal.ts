import { derivationOf, SecretSeal } from "../../../secret-seal.ts";

const KEY_BYTES = 20;

/** Seals the authorization keys of simulated stations, and makes those of stations that were never given one. */
export class CredentialSeal extends SecretSeal {
  readonly #root: ReturnType<typeof deriveRoot>;

  constructor(secret: string) {
    super(secret, "busbar simulated station authorization key");
    this.#root = deriveRoot(secret);
  }

  /** Key of a station that was never given another one. It is derived from the charger's id and not stored. */
  async derive(chargerId: string): Promise<string> {
    const text = new TextEncoder().encode(`authorization key of ${chargerId}`);
    const digest = await crypto.subtle.sign("HMAC", await this.#root, text);
    return Array.from(new Uint8Array(digest, 0, KEY_BYTES), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  }
}

async function deriveRoot(secret: string) {
  const { material, derivation } = await derivationOf(secret, "busbar simulated station root key");
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 };
  return crypto.subtle.deriveKey(derivation, material, algorithm, false, ["sign"]);
}
