import type { StationCommand, StationEvent } from "../../ocpp/station-event.ts";
import type { CommandEnd, Turn } from "../station/turn.ts";
import { perform } from "./perform.ts";

/** Events at the station itself: neither the central system nor a driver takes part in them. */
const LOCAL_EVENTS: ReadonlySet<StationEvent["kind"]> = new Set([
  "configure",
  "clear_cache",
  "local_list",
  "clear_local_list",
  "inject_fault",
  "clear_fault",
] as const);

/** Queues a command; `actOnCommands` gives it its turn, in this step if it can. */
export function take(turn: Turn, command: StationCommand): void {
  turn.change({ memory: { ...turn.state.memory, commands: [...turn.state.memory.commands, command] } });
}

/**
 * Carries out the commands whose turn has come, oldest first. A command waits while the station boots or restarts, and
 * while a tag is being authorized, so that commands in a row act as a driver would. A local event does not wait for a boot to be
 * accepted, and overtakes what does. Call it at the end of every step.
 */
export function actOnCommands(turn: Turn, waitedBefore: readonly StationCommand[]): void {
  for (;;) {
    const { commands } = turn.state.memory;
    const isExpired = ({ expiresAtMs }: StationCommand) => expiresAtMs <= turn.around.nowMs;
    const next = commands.find((command) => isExpired(command) || mayAct(turn, command.event));
    if (!next) break;
    turn.change({ memory: { ...turn.state.memory, commands: commands.filter((other) => other !== next) } });
    end(turn, next, isExpired(next) ? { kind: "expired" } : perform(turn, next.event));
  }
  const { commands } = turn.state.memory;
  // What came and went in one step was never stored.
  if (commands !== waitedBefore && commands.length + waitedBefore.length > 0) turn.remember({});
  if (firstExpiry(commands) !== firstExpiry(waitedBefore)) watchCommands(turn);
}

/** When the next of the commands expires, epoch ms; null: none waits. Whoever waits for a result has less patience than others. */
function firstExpiry(commands: readonly StationCommand[]): number | null {
  return commands.length === 0 ? null : Math.min(...commands.map(({ expiresAtMs }) => expiresAtMs));
}

/** Sets the timer that ends the next command that expires, also after a restart of the host. */
export function watchCommands(turn: Turn): void {
  const nextMs = firstExpiry(turn.state.memory.commands);
  if (nextMs !== null) turn.setTimer("commands", Math.max(0, nextMs - turn.around.nowMs));
}

function end(turn: Turn, { id }: StationCommand, how: CommandEnd): void {
  turn.emit({ kind: "commandEnded", id, end: how });
}

function mayAct({ state }: Turn, { kind }: StationEvent): boolean {
  const { power, registration, restartReason, outstanding, queue } = state;
  const isServed = registration === "accepted" && restartReason === null;
  if (power === "off" || !(isServed || LOCAL_EVENTS.has(kind))) return false;
  return ![outstanding, ...queue].some((plan) => plan?.action === "Authorize");
}
