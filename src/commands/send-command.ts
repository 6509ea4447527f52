import { NotFound } from "../errors.ts";
import type { ChargerCommand } from "../ocpp/commands.ts";
import { replacingList } from "./replacing-list.ts";
import type { CommandOutcome, CommandTimeout, Organization, Ports } from "../ports.ts";

/** Outcome of a command to a charger that exists. */
export type CommandResult = Exclude<CommandOutcome, { kind: "notProvisioned" }>;
/** Outcome of a command without an answer of the station. */
export type CommandFailure = Exclude<CommandResult, { kind: "answered" }>;

/**
 * Sends a command to a station and waits for its result. Postgres is read only if the session is not provisioned, to
 * distinguish an unknown charger from one that never connected.
 * A local list that is sent here is a client's: it switches the managed one off.
 * @throws NotFound, Unavailable
 */
export async function sendCommand(
  ports: Pick<Ports, "sessions" | "chargers" | "localLists" | "clock">,
  organization: Organization,
  identity: string,
  command: ChargerCommand,
  timeoutMs: CommandTimeout,
): Promise<CommandResult> {
  const ref = { organizationSlug: organization.slug, identity };
  const send = () => ports.sessions.command(ref, command, timeoutMs);
  const target = { organizationId: organization.id, identity };
  const outcome = sendsList(command) ? await replacingList(ports, target, send, isUnsent) : await send();
  if (outcome.kind !== "notProvisioned") return outcome;
  const charger = await ports.chargers.findByIdentity(organization.id, identity);
  if (!charger) throw new NotFound("Charger", identity);
  return { kind: "offline" };
}

function sendsList(command: ChargerCommand): boolean {
  return command.kind === "sendLocalList" || (command.kind === "raw" && command.action === "SendLocalList");
}

const UNSENT = new Set<CommandOutcome["kind"]>([
  "notProvisioned",
  "offline",
  "notAccepted",
  "busy",
  "invalidCommand",
  "invalidPayload",
  "otherVersion",
  "unknownAction",
]);

function isUnsent(outcome: CommandOutcome): boolean {
  return UNSENT.has(outcome.kind) || ("sent" in outcome && !outcome.sent);
}
