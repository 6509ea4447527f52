import type { Env } from "../../env.ts";
import type { SessionRecord } from "./session-record.ts";

const KEY = "settings";

/** Settings that are not in force yet. */
interface Expected {
  chargerId: string;
  revision: number;
}

/** Starts the run that brings settings to the station. */
export type SettingsPublisher = (cause: {
  chargerId: string;
  revision: number;
  generation: number;
}) => Promise<void>;

/** Wired when first needed, like the sink of the outbox. */
export function settingsPublisher(env: Env): SettingsPublisher {
  return async (cause) => {
    const { wire } = await import("../../wiring.ts");
    await wire(env).runs.applySettings({ ...cause, attempt: 0 });
  };
}

/**
 * Knows whether settings wait for this station, and asks for them when it connects or boots. A charger whose settings are
 * in force costs nothing here, however often it reconnects. What is not published is found by the sweeper.
 */
export class SettingsNotice {
  readonly #ctx: DurableObjectState;
  readonly #publish: SettingsPublisher;

  constructor(ctx: DurableObjectState, publish: SettingsPublisher) {
    this.#ctx = ctx;
    this.#publish = publish;
  }

  /** `revision` null: settled up to `settled`. */
  expect(record: SessionRecord | null, revision: number | null, settled: number): void {
    if (!record) return;
    const { chargerId } = record;
    const known = this.#expected(record);
    if (revision === null) {
      if (known && known.revision <= settled) this.#ctx.storage.kv.delete(KEY);
    } else if (!known || known.revision < revision) {
      this.#ctx.storage.kv.put(KEY, { chargerId, revision } satisfies Expected);
    }
  }

  /** The station has connected or booted. */
  announce(record: SessionRecord): void {
    const expected = this.#expected(record);
    if (!expected || record.registration !== "Accepted") return;
    const { generation } = record;
    this.#ctx.waitUntil(this.#publish({ ...expected, generation }).catch(() => undefined));
  }

  #expected({ chargerId }: SessionRecord): Expected | null {
    const expected = this.#ctx.storage.kv.get<Expected>(KEY) ?? null;
    return expected?.chargerId === chargerId ? expected : null;
  }
}
