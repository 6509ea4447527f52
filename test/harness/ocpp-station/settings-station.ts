import { createRPCError, RPCClient } from "ocpp-rpc";
import { z } from "zod";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { validatorsOf } from "../../unit/ocpp/validators-of.ts";
import { call, type Access } from "../fleet.ts";
import { waitFor } from "../wait-for.ts";
import { register, type Registration } from "./register.ts";

export interface Sent {
  action: string;
  params: Record<string, unknown>;
}

/** A string is the code of a CALLERROR. */
export type Answer = (params: Record<string, unknown>) => Record<string, unknown> | string;

const setting = z.looseObject({ Outcome: z.string().nullable() });
const settingsBody = z.object({
  Revision: z.number(),
  IsOnline: z.boolean(),
  OcppVersion: z.string().nullable(),
  Settings: z.record(z.string(), setting),
});
export type SettingsBody = z.infer<typeof settingsBody>;

/** The settings of a charger once none of them is pending. */
export function settledSettings(access: Access, id: string, deadlineMs = 30_000): Promise<SettingsBody> {
  return waitFor(
    `settled settings of ${id}`,
    async () => {
      const known = settingsBody.parse((await call(access, "GET", `/api/chargers/${id}/settings`)).body);
      return Object.values(known.Settings).some(({ Outcome }) => Outcome === "pending") ? false : known;
    },
    deadlineMs,
  );
}

/** A station made of the ocpp-rpc client, with the CALLs that it received and its answers. */
export class SettingsStation {
  readonly sent: Sent[] = [];
  /** Violations of the official schemas in what it received. */
  readonly violations: string[] = [];
  readonly answers: Record<string, Answer>;
  readonly version: OcppVersion;
  readonly #access: Access;
  readonly #registered: Registration;
  #client: RPCClient | null = null;

  private constructor(
    access: Access,
    version: OcppVersion,
    registered: Registration,
    answers: Record<string, Answer>,
  ) {
    this.#access = access;
    this.version = version;
    this.#registered = registered;
    this.answers = answers;
  }

  static async register(
    access: Access,
    version: OcppVersion,
    identity: string,
    answers: Record<string, Answer>,
  ): Promise<SettingsStation> {
    return new SettingsStation(access, version, await register(access, identity), answers);
  }

  get id(): string {
    return this.#registered.id;
  }

  /** Connects and boots. */
  async connect(firmwareVersion = "1.0", version = this.version): Promise<void> {
    const { authorizationKey, chargeBoxId, instructions } = this.#registered;
    const client = new RPCClient({
      endpoint: instructions.baseUrl,
      identity: chargeBoxId,
      protocols: [version],
      password: authorizationKey,
      // For 2.1 the client has schemas of the new messages only.
      strictMode: version !== "ocpp2.1",
      reconnect: false,
    });
    for (const [action, answer] of Object.entries(this.answers))
      client.handle(action, ({ params }) => {
        this.sent.push({ action, params });
        const violation = validatorsOf(version).request(action, params);
        if (violation) this.violations.push(`${action}: ${JSON.stringify(violation)}`);
        const said = (this.answers[action] ?? answer)(params);
        if (typeof said === "string") throw createRPCError(said);
        return said;
      });
    await client.connect();
    this.#client = client;
    const station = { vendorName: "Acme", model: "One", firmwareVersion };
    const boot =
      version === "ocpp1.6"
        ? { chargePointVendor: "Acme", chargePointModel: "One", firmwareVersion }
        : { reason: "PowerUp", chargingStation: station };
    const { status } = await client.call("BootNotification", boot);
    if (status !== "Accepted") throw new Error(`boot: ${String(status)}`);
  }

  call(action: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (!this.#client) throw new Error("not connected");
    return this.#client.call(action, params);
  }

  async close(): Promise<void> {
    await this.#client?.close();
    this.#client = null;
  }

  /** Changes settings of its charger; resolves when they are stored. */
  async update(body: unknown): Promise<void> {
    const { status } = await call(this.#access, "POST", `/api/chargers/${this.id}/update`, body);
    if (status !== 200) throw new Error(`update: ${status}`);
  }

  settled(): Promise<SettingsBody> {
    return settledSettings(this.#access, this.id);
  }

  /** Actions and ids of the charging profiles that were written since the last call: `+9001` set, `-9001` cleared. */
  takeProfiles(): string[] {
    return this.take().flatMap(({ action, params }) =>
      /^(Set|Clear)ChargingProfile$/.test(action)
        ? [`${action.startsWith("Set") ? "+" : "-"}${JSON.stringify(params).match(/9\d{3}/)?.[0]}`]
        : [],
    );
  }

  /** CALLs that were received since the last call of this. */
  take(): Sent[] {
    return this.sent.splice(0);
  }
}
