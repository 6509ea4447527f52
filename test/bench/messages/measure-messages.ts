import { spread, type Spread } from "../statistics.ts";
import { MESSAGES_OF, prepare, type MessageKind, type Side } from "./message-scenarios.ts";
import { cpuMs, hasStrace, traceDisk, type DiskUse } from "./process-usage.ts";

/** The product, a plain Node server, and a bare object of the runtime. */
export const SIDES = ["product", "node", "bare"] as const;
export type SideName = (typeof SIDES)[number];
type OfSides<T> = Record<SideName, T>;

/** Messages a second of each side, measured one after the other. */
export type MessageRound = OfSides<number>;

/** What one message costs the process that serves it. */
export interface MessageUse {
  /** Null where the system does not tell. */
  cpuMs: number | null;
  /** Null without strace. */
  disk: DiskUse | null;
}

export interface MeasuredKind extends OfSides<MessageUse> {
  stations: number;
  rounds: MessageRound[];
}

export interface MessageSizes {
  rounds: number;
  /** Messages of a kind in one round, of all stations together. */
  messages: Record<MessageKind, number>;
  /** Messages whose system calls are counted; 0: they are not. */
  traced: number;
}

const WARM_UP_SHARE = 0.2;

/** The rate of the product over that of another side. */
export const ratioOf = ({ rounds }: MeasuredKind, other: Exclude<SideName, "product">): Spread =>
  spread(rounds.map((round) => round.product / round[other]));

/** Messages of one kind, from so many stations at once, on every side in turn. */
export async function measureKind(
  sides: OfSides<Side>,
  kind: MessageKind,
  stations: number,
  sizes: MessageSizes,
): Promise<MeasuredKind> {
  const times = Math.ceil(sizes.messages[kind] / MESSAGES_OF[kind] / stations);
  const warmUp = Math.ceil(times * WARM_UP_SHARE);
  const traced = hasStrace() ? Math.ceil(sizes.traced / MESSAGES_OF[kind] / stations) : 0;
  const repetitions = warmUp + times * sizes.rounds + traced;
  const each = { prefix: `${kind.toUpperCase()}-${stations}`, stations, repetitions };
  const ofSides = async <T>(operate: (name: SideName) => Promise<T>) => ({
    product: await operate("product"),
    node: await operate("node"),
    bare: await operate("bare"),
  });
  const prepared = await ofSides((name) => prepare(sides[name], kind, each));
  await ofSides((name) => prepared[name].repeat(warmUp));
  const messages = times * stations * MESSAGES_OF[kind];
  const rounds: MessageRound[] = [];
  const used = { product: 0, node: 0, bare: 0 };
  const perSecond = async (name: SideName) => {
    const cpuBeforeMs = cpuMs(sides[name].pid) ?? Number.NaN;
    const startedAtMs = performance.now();
    await prepared[name].repeat(times);
    const seconds = (performance.now() - startedAtMs) / 1000;
    used[name] += (cpuMs(sides[name].pid) ?? Number.NaN) - cpuBeforeMs;
    return messages / seconds;
  };
  for (let round = 0; round < sizes.rounds; round++) rounds.push(await ofSides(perSecond));
  const uses = await ofSides(async (name): Promise<MessageUse> => {
    const cpu = used[name] / (messages * sizes.rounds);
    const disk = traced > 0 ? await traceDisk(sides[name].pid, () => prepared[name].repeat(traced)) : null;
    const share = 1 / (traced * stations * MESSAGES_OF[kind]);
    return { cpuMs: Number.isNaN(cpu) ? null : cpu, disk: disk && shareOf(disk, share) };
  });
  await ofSides(async (name) => prepared[name].end());
  return { stations, rounds, ...uses };
}

function shareOf(use: DiskUse, share: number): DiskUse {
  const bytesByFile = Object.entries(use.bytesByFile).map(([kind, bytes]) => [kind, bytes * share]);
  return {
    bytes: use.bytes * share,
    writes: use.writes * share,
    syncs: use.syncs * share,
    bytesByFile: Object.fromEntries(bytesByFile),
  };
}
