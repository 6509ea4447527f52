import { createRPCError, NOREPLY, RPCClient, type CallContext } from "ocpp-rpc";
import { loadValidators, type Finding, type Validators } from "../../../src/ocpp/validators.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Access } from "../fleet.ts";
import { waitFor } from "../wait-for.ts";
import { register, type Registration } from "./register.ts";

/** How a station reacts to a CALL. */
export type Reaction =
  | { answer: Record<string, unknown> }
  | { error: string; description?: string }
  /** Does not answer; the test may answer later. */
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

/**
 * A station made of the ocpp-rpc client, which validates every payload against its own schemas. On 2.1 it looks them up under
 * wrong names and its strict mode refuses every message, so there the payloads are validated here.
 */
export class ForeignStation {
  /** Id of the charger. */
  readonly id: string;
  readonly identity: string;
  readonly version: OcppVersion;
  readonly calls: ReceivedCall[] = [];
  /** Schema violations that were found. */
  readonly violations: string[] = [];
  react: (call: ReceivedCall) => Reaction = () => "silence";
  closeCode: number | null = null;
  /** The last frame that came, as it came. */
  lastFrame = "";
  readonly #client: RPCClient;
  /** Null when the client validates by itself. */
  readonly #validators: Validators | null;

  private constructor(registered: Registration, version: OcppVersion, validators: Validators | null) {
    this.#validators = validators;
    this.id = registered.id;
    this.identity = registered.chargeBoxId;
    this.version = version;
    this.#client = new RPCClient({
      endpoint: registered.instructions.baseUrl,
      identity: registered.chargeBoxId,
      protocols: [version],
      password: registered.authorizationKey,
      strictMode: validators === null,
      reconnect: false,
    });
    this.#client.handle((context) => this.#answer(context));
    this.#client.on("strictValidationFailure", ({ method, error }: { method: string; error: Error }) => {
      this.violations.push(`${method}: ${error.message}`);
    });
    this.#client.on("message", ({ message, outbound }: { message: unknown; outbound: boolean }) => {
      if (!outbound) this.lastFrame = String(message);
    });
    this.#client.on("close", ({ code }: { code: number }) => (this.closeCode = code));
  }

  /** Registers a charger, connects as its station and boots. */
  static async booted(access: Access, identity: string, version: OcppVersion): Promise<ForeignStation> {
    const registered = await register(access, identity);
    const validators = version === "ocpp2.1" ? await loadValidators(version) : null;
    const station = new ForeignStation(registered, version, validators);
    await station.connect();
    const answer = await station.boot();
    if (answer["status"] !== "Accepted") throw new Error(`boot: ${JSON.stringify(answer)}`);
    return station;
  }

  boot(): Promise<Record<string, unknown>> {
    return this.call("BootNotification", BOOT[this.version]);
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  async call(action: string, payload: Record<string, unknown>): Promise<Record<string, unknown>> {
    this.#note(action, this.#validators?.request(action, payload));
    const answer = await this.#client.call(action, payload);
    this.#note(action, this.#validators?.response(action, answer));
    return answer;
  }

  /** Sends without the validation of the client. */
  sendRaw(frame: unknown[]): void {
    this.#client.sendRaw(JSON.stringify(frame));
  }

  /** Resolves to the n-th CALL, counted from 0, once it has been received. */
  nthCall(index: number): Promise<ReceivedCall> {
    return waitFor(`CALL ${index} at ${this.identity}`, () => this.calls[index]);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #answer({ messageId, method, params }: CallContext) {
    const received = { messageId, action: method, payload: params };
    this.calls.push(received);
    this.#note(method, this.#validators?.request(method, params));
    const reaction = this.react(received);
    if (reaction === "silence") return NOREPLY;
    if (reaction === "drop") {
      void this.#client.close({ force: true });
      return NOREPLY;
    }
    if ("answer" in reaction) {
      this.#note(method, this.#validators?.response(method, reaction.answer));
      return reaction.answer;
    }
    throw createRPCError(reaction.error, reaction.description);
  }

  #note(action: string, finding: Finding | null | undefined): void {
    if (finding) this.violations.push(`${action}: ${finding.pointer} ${finding.keyword}`);
  }
}
