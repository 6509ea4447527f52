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
 * lower one; null: others.
 */
export function guardOf(key: string): "credential" | "securityProfile" | null {
  const name = variableName(key);
  if (name === "authorizationkey" || name === "basicauthpassword") return "credential";
  return name === "securityprofile" ? "securityProfile" : null;
}

function variableName(key: string): string {
  const withoutInstance = key.trim().replace(/\[[^\]]*\]$/, "");
  return withoutInstance
    .slice(withoutInstance.lastIndexOf(".") + 1)
    .trim()
    .toLowerCase();
}
