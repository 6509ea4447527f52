const FORMAT = "v1";
const IV_BYTES = 12;
const KEY_BYTES = 20;

/**
 * Encrypts the authorization keys of simulated stations with AES-256-GCM under a key derived from the deployment's secret. The
 * charger's id is authenticated data, so a sealed key cannot be opened for another charger.
 */
export class CredentialSeal {
  readonly #key: ReturnType<typeof deriveKey>;
  readonly #root: ReturnType<typeof deriveRoot>;

  constructor(secret: string) {
    this.#key = deriveKey(secret);
    this.#root = deriveRoot(secret);
  }

  async seal(authorizationKey: string, chargerId: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = new TextEncoder().encode(authorizationKey);
    const sealed = await crypto.subtle.encrypt(parameters(iv, chargerId), await this.#key, plain);
    return [FORMAT, encode(iv), encode(new Uint8Array(sealed))].join(".");
  }

  /** Key of a station that was never given another one. It is derived from the charger's id and not stored. */
  async derive(chargerId: string): Promise<string> {
    const text = new TextEncoder().encode(`authorization key of ${chargerId}`);
    const digest = await crypto.subtle.sign("HMAC", await this.#root, text);
    return Array.from(new Uint8Array(digest, 0, KEY_BYTES), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  }

  /** @throws if it was sealed under another secret or for another charger */
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

async function materialOf(secret: string) {
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), "HKDF", false, ["deriveKey"]);
}

function derivationFor(purpose: string) {
  const info = new TextEncoder().encode(purpose);
  return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
}

async function deriveKey(secret: string) {
  const derivation = derivationFor("busbar simulated station authorization key");
  const algorithm = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(derivation, await materialOf(secret), algorithm, false, [
    "encrypt",
    "decrypt",
  ]);
}

async function deriveRoot(secret: string) {
  const derivation = derivationFor("busbar simulated station root key");
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 };
  return crypto.subtle.deriveKey(derivation, await materialOf(secret), algorithm, false, ["sign"]);
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
