import type { Env } from "../../../env.ts";
import type { SettingsNote, StationMark } from "../../../ports.ts";
import type { ServicesOf } from "../../services.ts";
import type { CommandChannel } from "../outbound/command-channel.ts";
import { LeaseRenewal } from "./lease-renewal.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

const KEY = "settings";

/** Stored note about a charger's settings. An older release stored it only while settings were pending. */
interface Known extends Pick<SettingsNote, "revision"> {
  chargerId: string;
  settledFor?: StationMark | null;
}

/** Starts the run that applies settings to the station. */
export type SettingsPublisher = (cause: {
  chargerId: string;
  revision: number;
  generation: number;
  attempt: number;
}) => Promise<void>;

export function settingsPublisher(env: Env, services: ServicesOf): SettingsPublisher {
  return async (cause) => services(env).runs.applySettings(cause);
}

/**
 * Attempt number of the run after a boot. The run of the connection may be in progress, with the firmware from before the boot.
 */
const AFTER_BOOT = 1;

/**
 * Starts a run when a station connects or boots while settings are pending, or with another firmware or OCPP version than its
 * settings were applied to. For other connections nothing is published. The sweeper repeats what could not be published.
 */
export class SettingsNotice {
  readonly #ctx: DurableObjectState;
  readonly #store: SessionStore;
  readonly #publish: SettingsPublisher;
  readonly lease: LeaseRenewal;

  constructor(
    ctx: DurableObjectState,
    store: SessionStore,
    channel: Pick<CommandChannel, "run">,
    publish: SettingsPublisher,
  ) {
    this.#ctx = ctx;
    this.#store = store;
    this.lease = new LeaseRenewal(store, channel);
    this.#publish = publish;
  }

  /** Stores a note about settings. False: not provisioned. */
  note(record: SessionRecord | null, { revision, settledFor, lease }: SettingsNote): boolean {
    if (!record) return false;
    const known = this.#known(record);
    const isKnown = known && known.revision === revision && !known.settledFor && !settledFor;
    if (isKnown || (known && known.revision > revision)) return true;
    const { chargerId } = record;
    // An old lease is not renewed while newer settings are pending.
    if (record.lease !== lease) {
      record.lease = lease;
      this.#store.changed();
    }
    this.#ctx.storage.kv.put(KEY, { chargerId, revision, settledFor } satisfies Known);
    // The station changed its firmware or version while its settings were applied.
    if (settledFor && record.connected) this.#announce(record, AFTER_BOOT);
    return true;
  }

  connected(record: SessionRecord): void {
    this.#announce(record, 0);
  }

  booted(record: SessionRecord): void {
    this.#announce(record, AFTER_BOOT);
  }

  #announce(record: SessionRecord, attemptOfOther: number): void {
    const known = this.#known(record);
    if (!known || record.registration !== "Accepted") return;
    const { revision, settledFor = null } = known;
    if (settledFor && isSame(settledFor, record)) return;
    const { chargerId, generation } = record;
    const cause = { chargerId, revision, generation, attempt: settledFor ? attemptOfOther : 0 };
    this.#ctx.waitUntil(this.#publish(cause).catch(() => undefined));
  }

  #known({ chargerId }: SessionRecord): Known | null {
    const known = this.#ctx.storage.kv.get<Known>(KEY) ?? null;
    return known?.chargerId === chargerId ? known : null;
  }
}

function isSame({ version, firmwareVersion }: StationMark, record: SessionRecord): boolean {
  return version === record.version && firmwareVersion === (record.bootFacts?.firmwareVersion ?? null);
}
