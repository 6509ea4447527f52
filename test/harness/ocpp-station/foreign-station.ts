import { createRPCError, NOREPLY, RPCClient, type CallContext } from "ocpp-rpc";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Access } from "../fleet.ts";
import { waitFor } from "../wait-for.ts";
import { register, type Registration } from "./register.ts";

/** What a station does when it gets a CALL. */
export type Reaction =
  | { answer: Record<string, unknown> }
  | { error: string; description?: string }
  /** Answers nothing; the test may answer later. */
  | "silence"
  /** Cuts its connection without a close frame. */
  | "drop";

export interface ReceivedCall {
  messageId: string;
  action: string;
  payload: Record<string, unknown>;
}

const BOOT: Record<OcppVersion, Record<string, unknown>> = {
  "ocpp1.6": { chargePointVendor: "Acme", chargePointModel: "One" },
  "ocpp2.0.1": { reason: "PowerUp", chargingStation: { vendorName: "Acme", model: "One" } },
  "ocpp2.1": { reason: "PowerUp", chargingStation: { vendorName: "Acme", model: "One" } },
};

/** A station made of the client from npm, which checks every payload against the schemas it brings. */
export class ForeignStation {
  readonly identity: string;
  readonly version: OcppVersion;
  readonly calls: ReceivedCall[] = [];
  /** What the schemas that came with the client complained about. */
  readonly violations: string[] = [];
  react: (call: ReceivedCall) => Reaction = () => "silence";
  closeCode: number | null = null;
  readonly #client: RPCClient;

  constructor(registered: Registration, version: OcppVersion) {
    this.identity = registered.chargeBoxId;
    this.version = version;
    this.#client = new RPCClient({
      endpoint: registered.instructions.baseUrl,
      identity: registered.chargeBoxId,
      protocols: [version],
      password: registered.authorizationKey,
      // Its schemas of 2.1 are those of newer messages only.
      strictMode: version !== "ocpp2.1",
      reconnect: false,
    });
    this.#client.handle((context) => this.#answer(context));
    this.#client.on("strictValidationFailure", ({ method, error }: { method: string; error: Error }) => {
      this.violations.push(`${method}: ${error.message}`);
    });
    this.#client.on("close", ({ code }: { code: number }) => (this.closeCode = code));
  }

  /** Registers a charger, connects as it and is accepted. */
  static async booted(access: Access, identity: string, version: OcppVersion): Promise<ForeignStation> {
    const station = new ForeignStation(await register(access, identity), version);
    await station.connect();
    const answer = await station.call("BootNotification", BOOT[version]);
    if (answer["status"] !== "Accepted") throw new Error(`boot: ${JSON.stringify(answer)}`);
    return station;
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  call(action: string, payload: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.#client.call(action, payload);
  }

  /** Past every check of the client. */
  sendRaw(frame: unknown[]): void {
    this.#client.sendRaw(JSON.stringify(frame));
  }

  /** The n-th CALL, counted from 0, as soon as it is there. */
  nthCall(index: number): Promise<ReceivedCall> {
    return waitFor(`CALL ${index} at ${this.identity}`, () => this.calls[index]);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #answer({ messageId, method, params }: CallContext) {
    const received = { messageId, action: method, payload: params };
    this.calls.push(received);
    const reaction = this.react(received);
    if (reaction === "silence") return NOREPLY;
    if (reaction === "drop") {
      void this.#client.close({ force: true });
      return NOREPLY;
    }
    if ("answer" in reaction) return reaction.answer;
    throw createRPCError(reaction.error, reaction.description);
  }
}
