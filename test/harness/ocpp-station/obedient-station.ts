import { z } from "zod";
import { call, type Access } from "../fleet.ts";
import { waitFor } from "../wait-for.ts";
import type { RawCall } from "./raw-station.ts";
import { register } from "./register.ts";
import { ReturningStation, type Returns } from "./returning-station.ts";

const profile = z.object({
  csChargingProfiles: z.object({
    chargingProfileId: z.number(),
    chargingSchedule: z.object({ chargingSchedulePeriod: z.array(z.object({ limit: z.number() })) }),
  }),
});

/** A 1.6 station that applies all settings, keeps them over lost connections, and reconnects by itself. */
export class ObedientStation {
  readonly id: string;
  readonly values: Record<string, string> = { MeterValueSampleInterval: "60", ClockAlignedDataInterval: "0" };
  /** Writes of a value that was already set. */
  readonly repeated: string[] = [];
  /** Limits in A of the charging profiles, in the order of their arrival. */
  readonly limits: number[] = [];
  /** CALLs that it received. */
  received = 0;
  /** True: a profile is taken and its answer kept back. */
  holds = false;
  readonly #access: Access;
  readonly #station: ReturningStation;
  readonly #held: RawCall[] = [];

  private constructor(access: Access, id: string, station: ReturningStation) {
    this.#access = access;
    this.id = id;
    this.#station = station;
    station.react = (received) => this.#react(received);
  }

  /** Registers, connects and boots. */
  static async booted(access: Access, identity: string): Promise<ObedientStation> {
    const { id, connectionUrl, authorizationKey } = await register(access, identity);
    const returns: Returns = { refused: [], unanswered: 0 };
    const door = { connectionUrl, identity, authorizationKey };
    const station = new ObedientStation(access, id, new ReturningStation(door, () => 0, returns));
    await station.#station.connect();
    await station.#station.live.boot();
    return station;
  }

  get isHeld(): boolean {
    return this.#held.length > 0;
  }

  /** Sends the answers that it held back, on connections that are still open. */
  release(): void {
    this.holds = false;
    for (const { id } of this.#held.splice(0))
      if (this.#station.isConnected) this.#station.live.send([3, id, { status: "Accepted" }]);
  }

  stop(): void {
    this.#station.stop();
  }

  /** Sends the update until it is stored. */
  async update(changes: object): Promise<void> {
    await waitFor(`an update of ${this.id}`, async () => {
      const { status } = await call(this.#access, "POST", `/api/chargers/${this.id}/update`, changes);
      return status === 200;
    });
  }

  #react({ id, action, payload }: RawCall): unknown {
    this.received++;
    switch (action) {
      case "GetConfiguration":
        return configurationOf(this.values, payload["key"]);
      case "ChangeConfiguration": {
        const [key, value] = [String(payload["key"]), String(payload["value"])];
        if (this.values[key] === value) this.repeated.push(`${key}=${value}`);
        this.values[key] = value;
        return { status: "Accepted" };
      }
      case "SetChargingProfile": {
        const { chargingSchedule } = profile.parse(payload).csChargingProfiles;
        this.limits.push(chargingSchedule.chargingSchedulePeriod[0]?.limit ?? Number.NaN);
        if (!this.holds) return { status: "Accepted" };
        this.#held.push({ id, action, payload });
        return null;
      }
      default:
        return { status: "Rejected" };
    }
  }
}

function configurationOf(values: Record<string, string>, asked: unknown) {
  const keys = z.array(z.string()).parse(asked);
  return {
    configurationKey: keys.flatMap((key) =>
      values[key] === undefined ? [] : [{ key, readonly: false, value: values[key] }],
    ),
    unknownKey: keys.filter((key) => values[key] === undefined),
  };
}
