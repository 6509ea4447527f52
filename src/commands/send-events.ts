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
  PostedCommand,
  PostReceipt,
} from "../ports.ts";

/** Most chargers of one command. */
export const TARGETS_MAX = 1_000;
/** A command that has waited this long has no effect any more. */
const EXPIRES_AFTER_MS = 60_000;
/** Hosts and sessions that are called at once. */
const PARALLEL = 20;
/** No call begins later than this. With the deadline of the last ones an answer leaves before its idempotency key is free again. */
const BEGINS_WITHIN_MS = 25_000;

/** One event for every selected charger. */
export interface EventOrder {
  /** The event as this simulated charger takes it, or why it cannot. */
  eventFor(target: CommandTarget): StationEvent | ItemError;
  /** The OCPP command that does the same at an external station. */
  commandFor(target: CommandTarget): PostedCommand | ItemError;
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

export const FAILURES = {
  notReady: failure("NOT_READY", "Charger is not provisioned", true),
  stopped: failure("RUNTIME_STOPPED", "Charger runtime is stopped", true),
  offline: failure("OFFLINE", "Charger is not connected", true),
  notSupported: failure("NOT_SUPPORTED", "Command is not supported for an external charger", false),
  full: failure("QUEUE_FULL", "Too many commands wait for the charger", true),
  internal: failure("INTERNAL", "Internal server error", true),
  notSent: failure("INTERNAL", "Command was not sent in time", true),
} as const;

const OF_RECEIPT: Readonly<Record<Exclude<CommandReceipt, "queued">, ItemError>> = {
  notReady: FAILURES.notReady,
  stopped: FAILURES.stopped,
  full: FAILURES.full,
  // The host is about to be told of the station, or has lost it.
  unknown: FAILURES.notReady,
};

const OF_POST: Readonly<Record<Exclude<PostReceipt, "queued">, ItemError>> = {
  offline: FAILURES.offline,
  notAccepted: FAILURES.notReady,
  busy: FAILURES.full,
  noTransaction: failure("NO_ACTIVE_TRANSACTION", "No such transaction is running", false),
};

type Needs = Pick<Ports, "chargers" | "simulators" | "sessions" | "ids" | "clock">;

/** A unit of work: what one call to an object does. */
interface Delivery {
  targets: readonly CommandTarget[];
  run(): Promise<void>;
}

/**
 * Queues an event at every selected charger: one statement finds them, one call per host, or per session of an external
 * charger, reaches them. A charger that could not be called in time gets nothing and is reported as failed.
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
  const deliveries = deliveriesOf(ports, organization, { targets, order, report }).values();
  const beginsUntilMs = ports.clock.now().getTime() + BEGINS_WITHIN_MS;
  const worker = async () => {
    for (const { targets: reached, run } of deliveries) {
      if (ports.clock.now().getTime() < beginsUntilMs) await run();
      else report.failed.push(...reached.map((target) => ({ target, error: FAILURES.notSent })));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return inOrder(targets, report);
}

interface Sending {
  targets: readonly CommandTarget[];
  order: EventOrder;
  report: EventReport;
}

function deliveriesOf(ports: Needs, organization: Organization, sending: Sending): Delivery[] {
  const { targets, order, report } = sending;
  const byHost = new Map<string, Array<{ target: CommandTarget; event: StationEvent }>>();
  const deliveries: Delivery[] = [];
  for (const target of targets) {
    const what =
      refusalOf(target) ?? (isExternal(target) ? order.commandFor(target) : order.eventFor(target));
    if ("code" in what) report.failed.push({ target, error: what });
    else if (isExternal(target))
      deliveries.push({
        targets: [target],
        run: () => post(ports, organization, { target, command: what as PostedCommand }, report),
      });
    else group(byHost, target.simulatorHost ?? "", { target, event: what as StationEvent });
  }
  for (const [host, items] of byHost)
    deliveries.push({
      targets: items.map(({ target }) => target),
      run: () => queueAtHost(ports, host, items, report),
    });
  return deliveries;
}

async function post(
  ports: Needs,
  { slug }: Organization,
  { target, command }: { target: CommandTarget; command: PostedCommand },
  report: EventReport,
): Promise<void> {
  const ref = { organizationSlug: slug, identity: target.identity, chargerId: target.chargerId };
  const receipt = await ports.sessions
    .post(ref, command, EXPIRES_AFTER_MS)
    // A session that is not provisioned has no station.
    .then((known) => known ?? "offline", unreachable);
  if (receipt === "queued") report.queued.push({ target, commandId: ports.ids.hex(6) });
  else report.failed.push({ target, error: receipt ? OF_POST[receipt] : FAILURES.internal });
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
export function refusalOf({ runtime, status, isRunning }: CommandTarget): ItemError | null {
  if (status !== "READY") return FAILURES.notReady;
  return runtime === "external" || isRunning ? null : FAILURES.stopped;
}

function isExternal({ runtime }: CommandTarget): boolean {
  return runtime === "external";
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
