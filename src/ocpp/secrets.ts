/** Names under which stations keep secrets: 1.6 keys, 2.x variables and fields of SetNetworkProfile. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "authorizationkey",
  "basicauthpassword",
  "apnpassword",
  "simpin",
  "vpnpassword",
  "vpnkey",
]);

/** Is the value of this field, 1.6 key or 2.x variable name a secret? Case does not matter to a leak. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.trim().toLowerCase());
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
