import { changeProblems } from "./change-problems.ts";
import type { Rule, SimulatedMemory } from "./evidence.ts";
import { groupBy } from "./group-by.ts";
import type { Change } from "./ledger.ts";

/** How a station is before its first command. */
const INITIAL: Partial<Record<Change["subject"], string>> = {
  "simulated car": "out",
  "simulated fault": "none",
  "simulated list": "0",
};

/** I15: what a command was answered to have done shows in the simulated station; a refused command did nothing. */
export const commandsHaveEffect: Rule = ({ ledger, database, simulated }) => {
  const memories = new Map(simulated.map((memory) => [memory.chargerId, memory]));
  const living = new Map(database.chargers.flatMap((row) => (row.deleted_at ? [] : [[row.id, row]])));
  const changes = ledger.changes.filter(({ subject }) => subject.startsWith("simulated"));
  return [...groupBy(changes, ({ subject, id }) => `${subject} ${id}`).values()].flatMap((history) => {
    const [first] = history;
    const row = first && living.get(first.id);
    const memory = first && memories.get(first.id);
    if (!row || !memory) return [];
    const { subject, id } = first;
    const atFirst: Change = { subject, id, value: INITIAL[subject] ?? "", verdict: "stored" };
    return changeProblems(`${subject} of ${row.identity}`, [atFirst, ...history], stateOf(subject, memory));
  });
};

function stateOf(subject: Change["subject"], { cars, faults, listVersion }: SimulatedMemory): string {
  if (subject === "simulated car") return cars.includes("1") ? "in" : "out";
  if (subject === "simulated fault") return faults["1"] ?? "none";
  return String(listVersion);
}
