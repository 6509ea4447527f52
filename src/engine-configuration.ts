import type { Config } from "./env.ts";

/** Signing keys of the QStash development server, which are public. */
const DEVELOPMENT_KEYS = new Set(["sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"]);
const REQUIRED = [
  "QSTASH_URL",
  "QSTASH_TOKEN",
  "QSTASH_CURRENT_SIGNING_KEY",
  "QSTASH_NEXT_SIGNING_KEY",
] as const;
const LOOPBACK = /^(localhost|127\.|0\.0\.0\.0|\[::1\])/;

/**
 * Names of variables because of which the step endpoints refuse to serve; empty: they serve. Without a signing key
 * the SDK would accept unsigned steps; two other variables would replace or bypass the keys.
 */
export function engineProblems(config: Config): string[] {
  const problems: string[] = REQUIRED.filter((name) => !config[name]);
  if (config.QSTASH_DEV && config.QSTASH_DEV !== "false" && config.QSTASH_DEV !== "0")
    problems.push("QSTASH_DEV");
  if (config.QSTASH_REGION) problems.push("QSTASH_REGION");
  if (config.BUSBAR_ENV === "production") problems.push(...productionProblems(config));
  return [...new Set(problems)];
}

function productionProblems(config: Config): string[] {
  const problems: string[] = [];
  for (const name of ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"] as const) {
    if (DEVELOPMENT_KEYS.has(config[name] ?? "")) problems.push(name);
  }
  for (const name of ["QSTASH_URL", "PUBLIC_BASE_URL"] as const) {
    if (!isPublicHttps(config[name] ?? "")) problems.push(name);
  }
  return problems;
}

function isPublicHttps(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === "https:" && !LOOPBACK.test(url.host);
}
