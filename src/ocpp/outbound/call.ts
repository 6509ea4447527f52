import type { CommandOf, CommandScript } from "../charger-command.ts";
import { ask } from "../command-script.ts";

export function* call({ action, payload }: CommandOf<"call">): CommandScript {
  return { kind: "payload", payload: yield* ask(action, payload) };
}
