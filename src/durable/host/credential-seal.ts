const FORMAT = "v1";
const IV_BYTES = 12;

/**
 * Seals the authorization keys of simulated stations with AES-256-GCM under a key derived from the deployment's
 * secret. The charger's id is bound in: a sealed key moved to another row does not open.
 */
export class CredentialSeal {
  readonly #key: ReturnType<typeof deriveKey>;

  constructor(secret: string) {
    this.#key = deriveKey(secret);
  }

  async seal(authorizationKey: string, chargerId: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = new TextEncoder().encode(authorizationKey);
    const sealed = await crypto.subtle.encrypt(parameters(iv, chargerId), await this.#key, plain);
    return [FORMAT, encode(iv), encode(new Uint8Array(sealed))].join(".");
  }

  /** @throws when it was sealed under another secret or for another charger. */
  async open(sealed: string, chargerId: string): Promise<string> {
    const [format, iv, body] = sealed.split(".");
    if (format !== FORMAT || !iv || !body) throw new Error("sealed key is of an unknown format");
    const plain = await crypto.subtle.decrypt(
      parameters(decode(iv), chargerId),
      await this.#key,
      decode(body),
    );
    return new TextDecoder().decode(plain);
  }
}

async function deriveKey(secret: string) {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  const info = new TextEncoder().encode("busbar simulated station authorization key");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return crypto.subtle.deriveKey(derivation, material, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}

function parameters(iv: Uint8Array, chargerId: string) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(chargerId) };
}

function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
