import type { Env } from "../../../env.ts";
import { parseFrame, type ParsedFrame } from "../../../ocpp/frame.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import type { UnknownTagPolicy } from "../../../ports.ts";
import type { ServicesOf } from "../../services.ts";
import { registryReader, vendorsReader } from "../../tag-registries.ts";
import type { LiveSocket, SessionSockets } from "../line/live-socket.ts";
import { ensureValidators, validatorsOf } from "../line/loaded-validators.ts";
import type { StationLine } from "../line/station-line.ts";
import type { CommandChannel } from "../outbound/command-channel.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { prepareIds, type IdSupply } from "../id-supply.ts";
import { KnownTags } from "./known-tags.ts";
import { Preparation } from "./preparation.ts";
import { StationInbox } from "./station-inbox.ts";
import { keepTagPolicy, policyReader, TagPolicy } from "./tag-policy.ts";
import { VendorSubscriptions } from "./vendor-subscriptions.ts";

const FRAME_BYTES_MAX = 1024 * 1024;
/** UTF-8 bytes per UTF-16 code unit at most. */
const BYTES_PER_UNIT_MAX = 3;

interface Parts {
  store: SessionStore;
  sockets: SessionSockets;
  line: StationLine;
  channel: CommandChannel;
  ids: IdSupply;
}

export interface ReceiverHooks {
  /** The station booted. */
  booted(record: SessionRecord): void;
  /** Sets the alarm for what is due next. */
  arm(record: SessionRecord): void;
}

/** Takes in the messages of a socket, in their order: checks size and rate, parses, and hands frames to the inbox. */
export class FrameReceiver {
  readonly #parts: Parts;
  readonly #config: Env;
  readonly #preparation: Preparation;
  readonly #inbox: StationInbox;
  readonly #hooks: ReceiverHooks;

  constructor(parts: Parts, config: Env, services: ServicesOf, hooks: ReceiverHooks) {
    const { store, channel, ids } = parts;
    const policy = new TagPolicy(store, policyReader(config, services));
    const tags = new KnownTags(store, registryReader(config));
    this.#parts = parts;
    this.#config = config;
    const vendors = new VendorSubscriptions(vendorsReader(config));
    this.#preparation = new Preparation(ids, { policy, tags, vendors }, store.transactions);
    this.#inbox = new StationInbox(store, channel, { ids, tags, vendors }, config.OCPP_INBOUND_VALIDATION);
    this.#hooks = hooks;
  }

  /** Has transaction ids at hand for a station that connects. */
  prepare({ organizationId }: SessionRecord): void {
    void prepareIds(this.#config, organizationId);
  }

  /** Stores a policy that was sent to the session. False: not provisioned. */
  setTagPolicy(record: SessionRecord | null, policy: UnknownTagPolicy): boolean {
    return keepTagPolicy(this.#parts.store, record, policy);
  }

  /** A promise only where the message has to wait: one that is handled at once costs the runtime less without. */
  receive(socket: WebSocket, message: string | ArrayBuffer): Promise<void> | void {
    const { line } = this.#parts;
    const nowMs = Date.now();
    const first = line.current(socket);
    if (!first) return;
    if (typeof message !== "string") return line.end(socket, 1003, "text only");
    if (isTooBig(message)) return line.end(socket, 1009, "too big");
    const delayMs = line.guard.take(message.length, nowMs);
    if (delayMs === null) return line.end(socket, 4029, "too many messages");
    const { version } = first.live.attachment;
    if (delayMs > 0 || !validatorsOf(version))
      return this.#receiveLater(socket, message, { delayMs, version, nowMs });
    return this.#prepare(socket, message, { version, nowMs });
  }

  async #receiveLater(
    socket: WebSocket,
    message: string,
    { delayMs, version, nowMs }: { delayMs: number; version: OcppVersion; nowMs: number },
  ): Promise<void> {
    if (delayMs > 0) await scheduler.wait(delayMs);
    if (!validatorsOf(version)) await ensureValidators(version);
    await this.#prepare(socket, message, { version, nowMs });
  }

  #prepare(
    socket: WebSocket,
    text: string,
    { version, nowMs }: { version: OcppVersion; nowMs: number },
  ): Promise<void> | void {
    const { line } = this.#parts;
    const frame = parseFrame(text, version);
    const known = line.current(socket);
    const preparing = known && this.#preparation.of(known.record, frame, version);
    if (preparing) return preparing.then(() => this.#takeIfCurrent(socket, { text, frame, nowMs }));
    if (known) this.#take(known, { text, frame, nowMs });
  }

  /** A newer socket may have replaced this one while the message waited. */
  #takeIfCurrent(socket: WebSocket, message: { text: string; frame: ParsedFrame; nowMs: number }): void {
    const current = this.#parts.line.current(socket);
    if (current) this.#take(current, message);
  }

  #take(
    { record, live }: { record: SessionRecord; live: LiveSocket },
    { text, frame, nowMs }: { text: string; frame: ParsedFrame; nowMs: number },
  ): void {
    const { sockets, line } = this.#parts;
    sockets.touch(live, nowMs);
    const validators = validatorsOf(live.attachment.version);
    if (!validators) return;
    if (frame.kind !== "malformed") {
      line.guard.wellFormed();
      const { bootFacts } = record;
      this.#inbox.receive(record, { from: live, text, frame, validators, nowMs });
      if (record.bootFacts !== bootFacts) this.#hooks.booted(record);
    } else {
      this.#inbox.refuse(live, { text, reply: frame.reply, nowMs });
      if (frame.counted && line.guard.malformed(nowMs)) return line.end(live.socket, 1002, "protocol error");
    }
    this.#hooks.arm(record);
  }
}

function isTooBig(message: string): boolean {
  if (message.length > FRAME_BYTES_MAX) return true;
  if (message.length * BYTES_PER_UNIT_MAX <= FRAME_BYTES_MAX) return false;
  return new TextEncoder().encode(message).length > FRAME_BYTES_MAX;
}
