import type { DeskLog, Evidence, Rule } from "./evidence.ts";
import type { KnownCharger, Ledger } from "./ledger.ts";

/** I12: a connected station holds exactly the tags of its organisation in its managed list, in their state and version. */
export const managedListsAreTrue: Rule = (evidence) =>
  managed(evidence).flatMap(({ charger: { identity }, row, desk, list, version, wanted }) => {
    const found: string[] = [];
    if (row.outcome !== "applied") found.push(`the list of ${identity} is ${row.outcome}, not applied`);
    if (row.list_version !== null && row.list_version !== version)
      found.push(`${identity} has version ${version} of its list, confirmed as ${row.list_version}`);
    for (const [key, status] of wanted)
      if (list.get(key) !== status)
        found.push(`${identity} has the tag ${key} as ${list.get(key) ?? "unknown"}, and it is ${status}`);
    for (const key of list.keys())
      if (!wanted.has(key)) found.push(`${identity} holds the tag ${key}, which is not there`);
    const highest = Math.max(0, ...(desk?.lists ?? []).map((taken) => taken.version));
    if (highest > row.version)
      found.push(`${identity} was sent version ${highest} of its list; ${row.version} was given out`);
    return found;
  });

/** Managed lists of chargers whose station is connected and living. */
function managed({ ledger, database, simulated, desks, organizations }: Evidence) {
  const memories = new Map(simulated.map((memory) => [memory.chargerId, memory]));
  const chargers = new Map(database.chargers.map((row) => [row.id, row]));
  return database.localLists.flatMap((row) => {
    const charger = ledger.chargers.get(row.charger_id);
    const stored = chargers.get(row.charger_id);
    if (row.mode !== "managed" || !charger || stored?.deleted_at !== null || stored.status !== "READY")
      return [];
    if (!isConnected(charger)) return [];
    const desk = desks.get(charger.identity);
    const held = desk
      ? { list: desk.list, version: desk.listVersion }
      : memories.get(charger.id) && {
          list: memories.get(charger.id)?.list ?? new Map<string, string>(),
          version: memories.get(charger.id)?.listVersion ?? 0,
        };
    const wanted = new Map(
      database.idTags
        .filter(({ organization_id }) => organization_id === organizations[charger.tenant])
        .map(({ key, status }) => [key, status === "blocked" ? "Blocked" : "Accepted"]),
    );
    return held ? [{ charger, row, desk, wanted, ...held }] : [];
  });
}

function isConnected({ runtime, station, wantsRun, removal }: KnownCharger): boolean {
  if (removal !== null) return false;
  return runtime === "simulated" ? wantsRun === true : (station?.isConnected ?? false);
}

/** I12: no version of a list is used twice, and each is higher than those before. */
export const listVersionsGrow: Rule = ({ desks }) =>
  [...desks].flatMap(([identity, { lists }]) =>
    lists.slice(1).flatMap(({ version }, index) => {
      const before = lists[index]?.version ?? 0;
      return version > before
        ? []
        : [`${identity} was sent version ${version} of its list after version ${before}`];
    }),
  );

/** Time after the end of the faults in which something of them may still come to its end. */
const AFTERMATH_MS = 5000;

/**
 * I12: in the time without faults a connection gets one full list at most, besides those that are shorter than the changes,
 * that replace one which the station refused, and that follow the erasure of a tag.
 */
export const changesAreSent: Rule = (evidence) =>
  [...evidence.desks].flatMap(([identity, desk]) => {
    const charger = [...evidence.ledger.chargers.values()].find((one) => one.identity === identity);
    return calmTimes(evidence.ledger).flatMap((calm) => {
      const excused = evidence.ledger.erasures.filter(
        ({ tenant, atMs }) => tenant === charger?.tenant && atMs >= calm.sinceMs && atMs < calm.untilMs,
      ).length;
      return fullLists(desk, calm)
        .filter(([, count]) => count > 1 + excused)
        .map(([connection, count]) => `${identity} was sent ${count} full lists in connection ${connection}`);
    });
  });

interface Calm {
  /** Begin of the faults before it. */
  sinceMs: number;
  fromMs: number;
  untilMs: number;
}

function calmTimes({ troubles }: Ledger): Calm[] {
  return troubles.flatMap(({ fromMs, untilMs }, index) => {
    if (untilMs === null) return [];
    const next = troubles[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    return [{ sinceMs: fromMs, fromMs: untilMs + AFTERMATH_MS, untilMs: next }];
  });
}

/** Number of full lists that nothing excuses, by connection. */
function fullLists({ lists }: DeskLog, { fromMs, untilMs }: Calm): [connection: number, count: number][] {
  const counts = new Map<number, number>();
  for (const [index, { update, call, isShorter }] of lists.entries()) {
    const isRefused = lists[index - 1]?.status !== "Accepted" && index > 0;
    if (update !== "Full" || isShorter || isRefused || call.atMs < fromMs || call.atMs >= untilMs) continue;
    counts.set(call.connection, (counts.get(call.connection) ?? 0) + 1);
  }
  return [...counts];
}
