/**
 * Words that a name has whose value is a secret, whoever invented the name: `AdminPassword`, `wifi_passphrase`, `vpnKey`.
 * `[_-]?` stands where a name may be divided. An id token is none, nor is a public key.
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

/** For a first look at a text that is not parsed yet. */
export const SECRET_WORD_PATTERN = SECRET_WORDS;

/** Is the value of this field, 1.6 key or 2.x variable name a secret? Case does not matter to a leak. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Is the value of this configuration key, flat or `Component.Variable[instance]`, a secret? */
export function isSecretKey(key: string): boolean {
  return isSecretName(variableName(key));
}

/** Keys that have their own way in: the credential by rotation, the security profile by its own rules; null for others. */
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
