import { z } from "zod";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Access } from "../fleet.ts";
import { waitFor } from "../wait-for.ts";
import { ForeignStation, type Reaction, type ReceivedCall } from "./foreign-station.ts";

const entries = z
  .array(
    z.object({
      idTag: z.string().optional(),
      idTagInfo: z.object({ status: z.string() }).optional(),
      idToken: z.object({ idToken: z.string() }).optional(),
      idTokenInfo: z.object({ status: z.string() }).optional(),
    }),
  )
  .default([]);

/** An independent station that keeps a local authorization list as OCPP has it. */
export class ListKeeper {
  readonly list = new Map<string, string>();
  version = 0;
  /** Versions and kinds of the lists that came, in their order. */
  readonly versions: number[] = [];
  readonly updates: string[] = [];
  /** Takes lists and does not answer them. */
  isSilent = false;
  readonly #station: ForeignStation;

  private constructor(station: ForeignStation) {
    this.#station = station;
    station.react = (received) => this.#react(received);
  }

  static async connected(access: Access, identity: string, version: OcppVersion): Promise<ListKeeper> {
    return new ListKeeper(await ForeignStation.booted(access, identity, version));
  }

  /** Id of the charger. */
  get id(): string {
    return this.#station.id;
  }

  get identity(): string {
    return this.#station.identity;
  }

  get violations(): string[] {
    return this.#station.violations;
  }

  /** Loses its list, as a station does whose memory is replaced. */
  forget(): void {
    this.list.clear();
    this.version = 0;
  }

  async reconnect(): Promise<void> {
    await this.#station.close();
    await waitFor(`${this.identity} to be let in`, () =>
      this.#station.connect().then(
        () => true,
        () => false,
      ),
    );
  }

  close(): Promise<void> {
    return this.#station.close();
  }

  #react({ action, payload }: ReceivedCall): Reaction {
    const is16 = this.#station.version === "ocpp1.6";
    switch (action) {
      case "GetLocalListVersion":
        return { answer: is16 ? { listVersion: this.version } : { versionNumber: this.version } };
      case "GetConfiguration":
        return {
          answer: {
            configurationKey: [{ key: "SendLocalListMaxLength", readonly: true, value: "50" }],
            unknownKey: ["LocalAuthListEnabled", "LocalAuthListMaxLength"],
          },
        };
      case "GetReport":
        return { answer: { status: "EmptyResultSet" } };
      case "SendLocalList": {
        const status = this.#update(payload);
        return this.isSilent ? "silence" : { answer: { status } };
      }
      default:
        return { error: "NotImplemented" };
    }
  }

  #update(payload: Record<string, unknown>): string {
    const version = Number(payload["listVersion"] ?? payload["versionNumber"]);
    const update = String(payload["updateType"]);
    this.versions.push(version);
    this.updates.push(update);
    if (update === "Differential" && version <= this.version) return "VersionMismatch";
    if (update === "Full") this.list.clear();
    for (const entry of entries.parse(payload["localAuthorizationList"])) {
      const name = entry.idTag ?? entry.idToken?.idToken ?? "";
      const info = entry.idTagInfo ?? entry.idTokenInfo;
      if (info) this.list.set(name, info.status);
      else this.list.delete(name);
    }
    this.version = version;
    return "Accepted";
  }
}
