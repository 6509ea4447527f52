const FORMAT = "v1";
const IV_BYTES = 12;

/**
 * Encrypts secrets that have to be read again with AES-256-GCM under a key derived from the deployment's secret. The owner's id is
 * authenticated data, so a sealed text cannot be opened for another owner. `purpose` gives each kind of secret a key of its own.
 */
export class SecretSeal {
  readonly #key: ReturnType<typeof deriveKey>;

  constructor(secret: string, purpose: string) {
    this.#key = deriveKey(secret, purpose);
  }

  async seal(plainText: string, ownerId: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = new TextEncoder().encode(plainText);
    const sealed = await crypto.subtle.encrypt(parameters(iv, ownerId), await this.#key, plain);
    return [FORMAT, encode(iv), encode(new Uint8Array(sealed))].join(".");
  }

  /** @throws if it was sealed under another secret or for another owner */
  async open(sealed: string, ownerId: string): Promise<string> {
    const [format, iv, body] = sealed.split(".");
    if (format !== FORMAT || !iv || !body) throw new Error("sealed key is of an unknown format");
    const plain = await crypto.subtle.decrypt(parameters(decode(iv), ownerId), await this.#key, decode(body));
    return new TextDecoder().decode(plain);
  }
}

/** Material and parameters to derive a key for one purpose. */
export async function derivationOf(secret: string, purpose: string) {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  const info = new TextEncoder().encode(purpose);
  return { material, derivation: { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info } };
}

async function deriveKey(secret: string, purpose: string) {
  const { material, derivation } = await derivationOf(secret, purpose);
  const algorithm = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(derivation, material, algorithm, false, ["encrypt", "decrypt"]);
}

function parameters(iv: Uint8Array, ownerId: string) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(ownerId) };
}

function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
