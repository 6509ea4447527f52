/**
 * Parts of names whose value is a secret, in any vendor's naming: `AdminPassword`, `wifi_passphrase`, `vpnKey`.
 * `[_-]?` is an optional separator. Id tokens and public keys are not secrets.
 */
const SECRET_WORDS = [
  "pass[_-]?(?:word|wd|phrase|code)",
  "pwd",
  "secret",
  "credential",
  "(?:authori[sz]ation|basic[_-]?auth|private|encryption|api|access|shared|wi[_-]?fi|wpa|wlan|vpn|account|master|sas)[_-]?key",
  "(?:access|auth|bearer|refresh|session|api|sas|security)[_-]?token",
  "\\bpsk\\b",
  "(?:sim|admin|user|service|installer|access)[_-]?pin(?:code)?",
].join("|");

const SECRET_NAME = new RegExp(SECRET_WORDS, "i");

/** The same pattern, to check text before it is parsed. */
export const SECRET_WORD_PATTERN = SECRET_WORDS;

/** Whether the value of a field, 1.6 key or 2.x variable with this name is a secret. Case-insensitive. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Whether the value of a configuration key, plain or `Component.Variable[instance]`, is a secret. */
export function isSecretKey(key: string): boolean {
  return isSecretName(variableName(key));
}

/**
 * Configuration keys that may not be changed freely: "credential" by rotation only, "securityProfile" never to a
 * lower one; null: others. Every part of `Component[instance]#evse/connector.Variable[instance]` counts, and neither
 * case, width of letters nor separators do: stations differ in what they take for the same name.
 */
export function guardOf(key: string): "credential" | "securityProfile" | null {
  const parts = key.split(/[.[\]#/]/).map(plainName);
  if (parts.some((part) => CREDENTIAL_NAMES.has(part))) return "credential";
  return parts.includes("securityprofile") ? "securityProfile" : null;
}

const CREDENTIAL_NAMES: ReadonlySet<string> = new Set(["authorizationkey", "basicauthpassword"]);

/** Whether a text contains the name of the configuration key that holds a station's password, in any spelling. */
export function mentionsCredential(text: string): boolean {
  const plain = plainName(text);
  return [...CREDENTIAL_NAMES].some((name) => plain.includes(name));
}

/** Letters and digits alone, in lower case; letters of another width as the usual ones. */
function plainName(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}

function variableName(key: string): string {
  const withoutInstance = key.trim().replace(/\[[^\]]*\]$/, "");
  return withoutInstance
    .slice(withoutInstance.lastIndexOf(".") + 1)
    .trim()
    .toLowerCase();
}
