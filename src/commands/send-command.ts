import { NotFound } from "../errors.ts";
import type { ChargerCommand } from "../ocpp/commands.ts";
import type { CommandOutcome, CommandTimeout, Organization, Ports } from "../ports.ts";

/** Outcome of a command to a charger that exists. */
export type CommandResult = Exclude<CommandOutcome, { kind: "notProvisioned" }>;
/** Outcome of a command without an answer of the station. */
export type CommandFailure = Exclude<CommandResult, { kind: "answered" }>;

/**
 * Sends a command to a station and waits for its result. Postgres is read only if the session is not provisioned, to
 * distinguish an unknown charger from one that never connected.
 * @throws NotFound, Unavailable
 */
export async function sendCommand(
  ports: Pick<Ports, "sessions" | "chargers">,
  organization: Organization,
  identity: string,
  command: ChargerCommand,
  timeoutMs: CommandTimeout,
): Promise<CommandResult> {
  const ref = { organizationSlug: organization.slug, identity };
  const outcome = await ports.sessions.command(ref, command, timeoutMs);
  if (outcome.kind !== "notProvisioned") return outcome;
  const charger = await ports.chargers.findByIdentity(organization.id, identity);
  if (!charger) throw new NotFound("Charger", identity);
  return { kind: "offline" };
}
