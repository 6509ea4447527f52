import { NotFound, Policy, Unavailable } from "../errors.ts";
import type { StationEvent } from "../ocpp/station-event.ts";
import type {
  AddressedCommand,
  ChargerSelection,
  CommandReceipt,
  CommandTarget,
  ItemError,
  Organization,
  Ports,
} from "../ports.ts";

/** Most chargers of one command. */
export const TARGETS_MAX = 1_000;
/** A command that has waited this long has no effect any more. */
const EXPIRES_AFTER_MS = 60_000;
/** Hosts that are called at once. */
const PARALLEL = 20;

/** One event for every selected charger. */
export interface EventOrder {
  /** The event as this charger takes it, or why it cannot. */
  eventFor(target: CommandTarget): StationEvent | ItemError;
}

/** What became of an order, by charger. */
export interface EventReport {
  queued: Array<{ target: CommandTarget; commandId: string }>;
  failed: Array<{ target: CommandTarget; error: ItemError }>;
}

const failure = (code: string, message: string, retryable: boolean): ItemError => ({
  code,
  message,
  retryable,
});

const FAILURES = {
  notReady: failure("NOT_READY", "Charger is not provisioned", true),
  stopped: failure("RUNTIME_STOPPED", "Charger runtime is stopped", true),
  offline: failure("OFFLINE", "Charger is not connected", true),
  notSupported: failure("NOT_SUPPORTED", "Command is not supported for an external charger", false),
  full: failure("QUEUE_FULL", "Too many commands wait for the charger", true),
  internal: failure("INTERNAL", "Internal server error", true),
} as const;

const OF_RECEIPT: Readonly<Record<Exclude<CommandReceipt, "queued">, ItemError>> = {
  notReady: FAILURES.notReady,
  stopped: FAILURES.stopped,
  full: FAILURES.full,
  // The host is about to be told of the station, or has lost it.
  unknown: FAILURES.notReady,
};

type Needs = Pick<Ports, "chargers" | "simulators" | "ids" | "clock">;

/**
 * Queues an event at every selected charger: one statement finds them, one call per host reaches them.
 * @throws NotFound: the charger or the location. Policy: the location has too many chargers. Unavailable
 */
export async function sendEvents(
  ports: Needs,
  organization: Organization,
  selection: ChargerSelection,
  order: EventOrder,
): Promise<EventReport> {
  const targets = await selectedTargets(ports, organization.id, selection);
  const report: EventReport = { queued: [], failed: [] };
  const byHost = new Map<string, Array<{ target: CommandTarget; event: StationEvent }>>();
  for (const target of targets) {
    const event = refusalOf(target) ?? order.eventFor(target);
    if ("code" in event) report.failed.push({ target, error: event });
    else group(byHost, target.simulatorHost ?? "", { target, event });
  }
  const hosts = byHost.entries();
  const worker = async () => {
    for (const [host, items] of hosts) await queueAtHost(ports, host, items, report);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return inOrder(targets, report);
}

/** @throws NotFound, Policy */
async function selectedTargets(
  ports: Needs,
  organizationId: string,
  selection: ChargerSelection,
): Promise<CommandTarget[]> {
  const { isLocationKnown, targets } = await ports.chargers.commandTargets(organizationId, selection);
  if (!isLocationKnown) throw new NotFound("Location", selection.locationId);
  if (selection.locationId === null && targets.length === 0)
    throw new NotFound("Charger", selection.chargerIds?.[0] ?? null);
  if (targets.length > TARGETS_MAX)
    throw new Policy(
      `Invalid request data: location has more than ${TARGETS_MAX} chargers, pass charger_ids (at most ${TARGETS_MAX})`,
    );
  return targets;
}

/** Why no command reaches this charger now; null: nothing speaks against it. */
function refusalOf({ runtime, status, isRunning }: CommandTarget): ItemError | null {
  if (status !== "READY") return FAILURES.notReady;
  if (runtime === "external") return FAILURES.notSupported;
  return isRunning ? null : FAILURES.stopped;
}

async function queueAtHost(
  ports: Needs,
  host: string,
  items: ReadonlyArray<{ target: CommandTarget; event: StationEvent }>,
  report: EventReport,
): Promise<void> {
  const expiresAtMs = ports.clock.now().getTime() + EXPIRES_AFTER_MS;
  const commands = items.map(({ target: { chargerId }, event }): AddressedCommand => ({
    chargerId,
    command: { id: ports.ids.hex(6), event, expiresAtMs },
  }));
  const receipts = await ports.simulators.command(host, commands).catch(unreachable);
  for (const [index, { target }] of items.entries()) {
    const receipt = receipts?.[index];
    const commandId = commands[index]?.command.id ?? "";
    if (receipt === "queued") report.queued.push({ target, commandId });
    else report.failed.push({ target, error: receipt ? OF_RECEIPT[receipt] : FAILURES.internal });
  }
}

function unreachable(error: unknown): null {
  if (error instanceof Unavailable) return null;
  throw error;
}

function group<T>(groups: Map<string, T[]>, name: string, item: T): void {
  const known = groups.get(name);
  if (known) known.push(item);
  else groups.set(name, [item]);
}

function inOrder(targets: readonly CommandTarget[], { queued, failed }: EventReport): EventReport {
  const rank = new Map(targets.map(({ chargerId }, index) => [chargerId, index]));
  const byRank = (a: { target: CommandTarget }, b: { target: CommandTarget }) =>
    (rank.get(a.target.chargerId) ?? 0) - (rank.get(b.target.chargerId) ?? 0);
  return { queued: queued.toSorted(byRank), failed: failed.toSorted(byRank) };
}
