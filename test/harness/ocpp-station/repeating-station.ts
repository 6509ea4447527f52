import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Door, RawCall, RawFrame } from "./raw-station.ts";
import type { Overlap, Reply, TakenCall } from "./station-reply.ts";
import { talkOf, type StationCharge, type StationStop, type Talk, type Worded } from "./station-talk.ts";

export interface StationOptions {
  door: Door;
  version: OcppVersion;
  react: (call: TakenCall) => Reply;
  /** Milliseconds between the loss or refusal of its connection and the next attempt. */
  redialMs: () => number;
  /** Timeout of a CALL in ms. */
  messageTimeoutMs?: number;
  /** Delay of a repeat in ms per earlier attempt. */
  retryIntervalMs?: number;
  /** Whether a repeat keeps the message id of the first attempt. Real stations do either. */
  repeatsWithSameId?: () => boolean;
}

type End =
  | { kind: "result"; payload: Record<string, unknown> }
  | { kind: "error"; code: string }
  | { kind: "none" };

interface Pending extends Worded {
  id: string;
  attempts: number;
  answered(payload: Record<string, unknown>): void;
}

const DIAL_DEADLINE_MS = 15_000;
/** A CALL may follow an unanswered one only after its deadline, which is never shorter. */
const OPEN_CALL_MS = 900;

/**
 * A station that behaves as the standards ask: one CALL of its own at a time, transaction messages queued while it is offline
 * and repeated until they are answered (OCPP 1.6 3.7.1, 2.x E13, without their limit of attempts), no boot after a mere loss
 * of the connection. It records all messages that it sent and received.
 */
export class RepeatingStation {
  readonly door: Door;
  readonly version: OcppVersion;
  readonly talk: Talk;
  readonly charges: StationCharge[] = [];
  readonly calls: TakenCall[] = [];
  readonly overlaps: Overlap[] = [];
  /** CALLERRORs that it received. */
  readonly errors: string[] = [];
  /** Number of upgrades that were refused, by HTTP status. */
  readonly refused: Record<string, number> = {};
  readonly closeCodes: Record<string, number> = {};
  /** The last answered StatusNotification of each connector. */
  readonly statuses = new Map<number, string>();
  connections = 0;
  repeats = 0;
  boots = 0;
  isGone = false;
  readonly #options: StationOptions;
  readonly #open = new Set<WebSocket>();
  #socket: WebSocket | null = null;
  #backlog: Pending[] = [];
  #chat: Pending[] = [];
  #needsBoot = true;
  #isStopped = false;
  #energyWh = 1000;
  #waiting: { id: string; end: (end: End) => void } | null = null;
  #wake: () => void = () => {};

  constructor(options: StationOptions) {
    this.#options = options;
    this.door = options.door;
    this.version = options.version;
    this.talk = talkOf(options.version);
  }

  /** Connects, and reconnects whenever the connection is lost, until `stop`. Sends its queue while connected. */
  start(): void {
    void this.#keepLine();
    void this.#keepTalking();
  }

  stop(): void {
    this.#isStopped = true;
    for (const socket of this.#open) socket.terminate();
    this.#wake();
  }

  get isConnected(): boolean {
    return this.#socket !== null;
  }

  /** Number of open sockets, including those that were replaced. */
  get openSockets(): number {
    return this.#open.size;
  }

  /** Whether its queue is empty and everything is answered. */
  get isQuiet(): boolean {
    return (
      !this.#needsBoot && this.#backlog.length === 0 && this.#chat.length === 0 && this.#waiting === null
    );
  }

  /** The running transaction of a connector. */
  running(connectorId: number): StationCharge | undefined {
    return this.charges.find((charge) => charge.connectorId === connectorId && charge.stop === null);
  }

  begin(
    connectorId: number,
    idTag: string,
    about: Pick<StationCharge, "remote" | "reservationId"> = {},
  ): StationCharge {
    const charge: StationCharge = {
      ...about,
      localId: randomUUID(),
      connectorId,
      idTag,
      startedAt: now(),
      meterStartWh: this.#meter(),
      transactionIds: [],
      verdicts: [],
      isStartAnswered: false,
      readings: [],
      stop: null,
      nextSeqNo: 1,
    };
    this.charges.push(charge);
    this.#queue(
      () => this.talk.start(charge),
      (payload) => {
        charge.isStartAnswered = true;
        charge.verdicts.push(this.talk.verdict(payload) ?? "none");
        const number = payload["transactionId"];
        if (typeof number === "number" && !charge.transactionIds.includes(number))
          charge.transactionIds.push(number);
      },
    );
    return charge;
  }

  read(charge: StationCharge): void {
    const reading = { energyWh: this.#meter(), at: now(), isAnswered: false };
    charge.readings.push(reading);
    const seqNo = charge.nextSeqNo++;
    this.#queue(
      () => this.talk.reading(charge, reading, seqNo),
      () => (reading.isAnswered = true),
    );
  }

  end(charge: StationCharge, reason: StationStop["reason"] = "Local"): void {
    const stop: StationStop = { energyWh: this.#meter(), at: now(), reason, isAnswered: false };
    charge.stop = stop;
    const seqNo = charge.nextSeqNo++;
    this.#queue(
      () => this.talk.stop(charge, stop, seqNo),
      () => (stop.isAnswered = true),
    );
  }

  /** Sends a message again that was already answered, as after a lost answer. */
  repeatStart(charge: StationCharge): void {
    this.repeats++;
    this.#queue(
      () => this.talk.start(charge),
      (payload) => {
        const number = payload["transactionId"];
        if (typeof number === "number" && !charge.transactionIds.includes(number))
          charge.transactionIds.push(number);
      },
    );
  }

  tellStatus(connectorId: number, status: string): void {
    const worded = this.talk.status(connectorId, status, now());
    this.#say(worded, () => this.statuses.set(connectorId, status));
  }

  heartbeat(): void {
    this.#say({ action: "Heartbeat", payload: {} });
  }

  /** Tells that it ended a reservation, if its version can. */
  tellReservationEnded(reservationId: number, status: "Expired" | "Removed", told: () => void): void {
    const worded = this.talk.reservationEnded(reservationId, status);
    if (worded) this.#say(worded, told);
  }

  authorize(idTag: string, told: (verdict: string | null) => void): void {
    this.#say(this.talk.authorize(idTag), (payload) => told(this.talk.verdict(payload)));
  }

  /** Drops the connection without a close frame. */
  drop(): void {
    this.#socket?.terminate();
  }

  /** Restarts: the next connection begins with a boot. */
  restart(): void {
    this.#needsBoot = true;
    this.#socket?.close();
  }

  /** Opens a second connection while the first is still open. */
  async takeOver(): Promise<void> {
    if (this.#socket && !this.#isStopped) await this.#dial().catch(() => {});
  }

  #meter(): number {
    this.#energyWh += 7;
    return this.#energyWh;
  }

  /** Queues a message until it is answered. Its payload is made when it is sent, because it may need a transaction id by then. */
  #queue(worded: () => Worded, answered: Pending["answered"]): void {
    const pending: Pending = {
      id: randomUUID(),
      attempts: 0,
      answered,
      get action() {
        return worded().action;
      },
      get payload() {
        return worded().payload;
      },
    };
    this.#backlog.push(pending);
    this.#wake();
  }

  /** Sends a message once, and only while connected. */
  #say(worded: Worded, answered: Pending["answered"] = () => {}): void {
    if (!this.#socket) return;
    this.#chat.push({ ...worded, id: randomUUID(), attempts: 0, answered });
    this.#wake();
  }

  async #keepLine(): Promise<void> {
    while (!this.#isStopped && !this.isGone) {
      if (!this.#socket) await this.#dial().catch(() => {});
      if (!this.#socket) await delay(this.#options.redialMs());
      else await this.#untilLost();
    }
  }

  async #untilLost(): Promise<void> {
    while (this.#socket && !this.#isStopped) await delay(50);
    if (!this.#isStopped) await delay(this.#options.redialMs());
  }

  #dial(): Promise<void> {
    const { connectionUrl, identity, authorizationKey } = this.door;
    const credential = Buffer.from(`${identity}:${authorizationKey}`).toString("base64");
    const socket = new WebSocket(connectionUrl, [this.version], {
      headers: { authorization: `Basic ${credential}` },
      handshakeTimeout: DIAL_DEADLINE_MS,
      perMessageDeflate: false,
    });
    return new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.once("unexpected-response", (_request, { statusCode }) => {
        const status = String(statusCode);
        this.refused[status] = (this.refused[status] ?? 0) + 1;
        if (status === "404") this.isGone = true;
        socket.terminate();
        reject(new Error(status));
      });
      socket.once("open", () => {
        this.#opened(socket);
        resolve();
      });
    });
  }

  #opened(socket: WebSocket): void {
    const connection = ++this.connections;
    this.#open.add(socket);
    this.#waiting?.end({ kind: "none" });
    this.#socket = socket;
    socket.on("message", (data) => this.#receive(socket, connection, String(data)));
    socket.once("close", (code) => {
      this.#open.delete(socket);
      this.closeCodes[code] = (this.closeCodes[code] ?? 0) + 1;
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#chat = [];
      if (code === 4004) this.isGone = true;
      this.#waiting?.end({ kind: "none" });
    });
    this.#wake();
  }

  /** Sends one message at a time: a boot first, then the queue, then the rest. */
  async #keepTalking(): Promise<void> {
    while (!this.#isStopped) {
      const socket = this.#socket;
      if (socket && this.#needsBoot) await this.#boot(socket);
      else if (socket && this.#backlog[0]) await this.#tell(socket, this.#backlog[0]);
      else if (socket && this.#chat[0]) await this.#chatter(socket, this.#chat[0]);
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #boot(socket: WebSocket): Promise<void> {
    const end = await this.#exchange(socket, randomUUID(), "BootNotification", this.talk.boot);
    if (end.kind === "result" && end.payload["status"] === "Accepted") {
      this.#needsBoot = false;
      this.boots++;
    } else {
      if (end.kind === "error") this.errors.push(`BootNotification ${end.code}`);
      await delay(this.#options.retryIntervalMs ?? 1000);
    }
  }

  async #tell(socket: WebSocket, message: Pending): Promise<void> {
    if (message.attempts > 0) {
      this.repeats++;
      if (!(this.#options.repeatsWithSameId?.() ?? true)) message.id = randomUUID();
    }
    message.attempts++;
    const { id, action, payload } = message;
    const end = await this.#exchange(socket, id, action, payload);
    if (end.kind === "result") {
      message.answered(end.payload);
      this.#backlog.shift();
      return;
    }
    if (end.kind === "error") this.errors.push(`${action} ${end.code}`);
    if (this.#socket === socket)
      await delay(Math.min(message.attempts, 5) * (this.#options.retryIntervalMs ?? 1000));
  }

  async #chatter(socket: WebSocket, message: Pending): Promise<void> {
    const end = await this.#exchange(socket, message.id, message.action, message.payload);
    if (this.#chat[0] === message) this.#chat.shift();
    if (end.kind === "result") message.answered(end.payload);
    if (end.kind === "error") this.errors.push(`${message.action} ${end.code}`);
  }

  async #exchange(socket: WebSocket, id: string, action: string, payload: object): Promise<End> {
    if (socket.readyState !== WebSocket.OPEN || this.#socket !== socket) {
      await delay(20);
      return { kind: "none" };
    }
    const ended = Promise.withResolvers<End>();
    const timer = setTimeout(() => ended.resolve({ kind: "none" }), this.#options.messageTimeoutMs ?? 5000);
    this.#waiting = { id, end: ended.resolve };
    socket.send(JSON.stringify([2, id, action, payload]));
    const end = await ended.promise;
    clearTimeout(timer);
    this.#waiting = null;
    return end;
  }

  #receive(socket: WebSocket, connection: number, text: string): void {
    const frame = JSON.parse(text) as RawFrame;
    const [type, id, third, fourth] = frame;
    if (type === 2)
      return this.#take(socket, connection, {
        id,
        action: String(third),
        payload: fourth as RawCall["payload"],
      });
    if (this.#waiting?.id !== id || socket !== this.#socket) return;
    if (type === 3) this.#waiting.end({ kind: "result", payload: third as Record<string, unknown> });
    else this.#waiting.end({ kind: "error", code: String(third) });
  }

  #take(socket: WebSocket, connection: number, received: RawCall): void {
    const call: TakenCall = { ...received, connection, atMs: Date.now(), answeredAtMs: null };
    for (const earlier of this.calls) {
      const earlierAgeMs = call.atMs - earlier.atMs;
      if (earlier.connection === connection && earlier.answeredAtMs === null && earlierAgeMs < OPEN_CALL_MS)
        this.overlaps.push({ earlier: earlier.action, later: call.action, earlierAgeMs });
    }
    this.calls.push(call);
    const reply = this.#options.react(call);
    if (reply.kind === "drop") return socket.terminate();
    if (reply.kind === "silence") return;
    const answer = () => {
      if (socket.readyState !== WebSocket.OPEN) return;
      call.answeredAtMs = Date.now();
      socket.send(
        JSON.stringify(
          reply.kind === "answer" ? [3, call.id, reply.payload] : [4, call.id, reply.code, "", {}],
        ),
      );
    };
    if (reply.afterMs) setTimeout(answer, reply.afterMs);
    else answer();
  }
}

const now = () => new Date().toISOString();
