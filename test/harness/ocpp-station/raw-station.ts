import { WebSocket } from "ws";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { waitFor } from "../wait-for.ts";

export type RawFrame = [type: number, id: string, ...rest: unknown[]];

export interface RawCall {
  id: string;
  action: string;
  payload: Record<string, unknown>;
}

export interface Door {
  /** URL of the registration, which ends with the identity. */
  connectionUrl: string;
  identity: string;
  authorizationKey: string;
}

const CONNECT_DEADLINE_MS = 15_000;

/** A station over a bare WebSocket: it sends what the test tells it to, valid or not. */
export class RawStation {
  readonly socket: WebSocket;
  readonly calls: RawCall[] = [];
  closeCode: number | null = null;
  #react: (call: RawCall) => unknown = () => null;
  readonly #unanswered: RawCall[] = [];
  readonly #answers = new Map<string, (frame: RawFrame) => void>();
  #nextId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.#receive(String(data)));
    socket.on("close", (code) => (this.closeCode = code));
    socket.on("error", () => {});
  }

  /** @throws Error with the status of a refused upgrade */
  static connect(door: Door, version: OcppVersion = "ocpp1.6"): Promise<RawStation> {
    const credential = Buffer.from(`${door.identity}:${door.authorizationKey}`).toString("base64");
    const socket = new WebSocket(door.connectionUrl, [version], {
      headers: { authorization: `Basic ${credential}` },
      handshakeTimeout: CONNECT_DEADLINE_MS,
      perMessageDeflate: false,
    });
    const station = new RawStation(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(station));
      socket.once("error", reject);
    });
  }

  /** Connects and boots. @throws Error when the boot is answered with a CALLERROR */
  static async booted(door: Door, version: OcppVersion = "ocpp1.6"): Promise<RawStation> {
    const station = await RawStation.connect(door, version);
    await station.boot();
    return station;
  }

  async boot(): Promise<void> {
    const boot =
      this.socket.protocol === "ocpp1.6"
        ? { chargePointVendor: "Acme", chargePointModel: "Raw" }
        : { reason: "PowerUp", chargingStation: { vendorName: "Acme", model: "Raw" } };
    const [type, , payload] = await this.call("BootNotification", boot);
    if (type !== 3) throw new Error(`boot: ${JSON.stringify(payload)}`);
  }

  /** Sends a CALL; resolves with the CALLRESULT or the CALLERROR, rejects when the connection ends first. */
  call(action: string, payload: object, id = `s${this.#nextId++}`): Promise<RawFrame> {
    return new Promise((resolve, reject) => {
      const closed = () => reject(new Error(`closed (${this.closeCode}) before the answer to ${action}`));
      this.socket.once("close", closed);
      this.#answers.set(id, (frame) => {
        this.socket.off("close", closed);
        resolve(frame);
      });
      this.socket.send(JSON.stringify([2, id, action, payload]));
    });
  }

  send(frame: RawFrame): void {
    this.socket.send(JSON.stringify(frame));
  }

  nthCall(index: number): Promise<RawCall> {
    return waitFor(`CALL ${index}`, () => this.calls[index]);
  }

  untilClosed(): Promise<number> {
    return waitFor("a close", () => this.closeCode);
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as RawFrame;
    const [type, id] = frame;
    if (type !== 2) {
      this.#answers.get(id)?.(frame);
      this.#answers.delete(id);
      return;
    }
    const call = { id, action: String(frame[2]), payload: frame[3] as RawCall["payload"] };
    this.calls.push(call);
    this.#answer(call);
  }

  #answer(call: RawCall): void {
    const answer = this.#react(call);
    if (answer === null) this.#unanswered.push(call);
    else this.socket.send(JSON.stringify([3, call.id, answer]));
  }

  /** Called with every CALL, also with those that came before it was set; null leaves a CALL unanswered. */
  set react(react: (call: RawCall) => unknown) {
    this.#react = react;
    for (const call of this.#unanswered.splice(0)) this.#answer(call);
  }
}
