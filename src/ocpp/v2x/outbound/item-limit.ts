import { ask, type Asking } from "../../command-script.ts";
import type { KeyLimits } from "../../charger-command.ts";
import { LIMIT_VARIABLES, limitsTold, NO_LIMIT } from "../../key-limits.ts";
import { encodeVariable } from "../variable-key.ts";

/**
 * How many items one message may hold. A station that has not told is asked before it gets more than one (2.x B05.FR.11,
 * B06.FR.05): some take four.
 */
export function* itemLimit(known: KeyLimits, of: keyof KeyLimits, items: number): Asking<number> {
  const told = known[of];
  if (told !== null || items < 2) return told ?? NO_LIMIT;
  const question = { getVariableData: [encodeVariable(LIMIT_VARIABLES[of])] };
  const answer = yield* ask("GetVariables", question);
  return limitsTold("GetVariables", question, answer)[of] ?? NO_LIMIT;
}
