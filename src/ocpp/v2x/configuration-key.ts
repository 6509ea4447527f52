import type { CommandContext } from "../charger-command.ts";
import { KEY_ALIASES, MAX_LIMIT_KEYS } from "./key-aliases.ts";
import { parseVariableKey, type VariableAddress } from "./variable-key.ts";

export type ResolvedKey =
  | { readonly kind: "variable"; readonly address: VariableAddress }
  /** Answered from what is known, without a CALL. */
  | { readonly kind: "known"; readonly value: string }
  | { readonly kind: "unknown" };

/** What a configuration key means on 2.x: a variable by its full name or by its 1.6 alias. */
export function resolveKey(key: string, ctx: CommandContext): ResolvedKey {
  if (key === "NumberOfConnectors") return { kind: "known", value: String(ctx.connectors.length) };
  if (Object.hasOwn(MAX_LIMIT_KEYS, key)) {
    const limit = ctx.reportedVariable(MAX_LIMIT_KEYS[key] ?? "")?.maxLimit ?? null;
    return limit === null ? { kind: "unknown" } : { kind: "known", value: String(limit) };
  }
  const alias = Object.hasOwn(KEY_ALIASES, key) ? KEY_ALIASES[key] : undefined;
  const address = parseVariableKey(alias ?? key);
  return address ? { kind: "variable", address } : { kind: "unknown" };
}
