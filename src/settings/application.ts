import type {
  CommandOutcome,
  SessionSnapshot,
  SettingResult,
  SettingsWork,
  StationMemory,
} from "../ports.ts";
import type { ChargerCommand } from "../ocpp/commands.ts";
import type { DueContext } from "./due.ts";
import type { SettingName } from "./desired.ts";

/** What the parts of one application share. */
export interface Application extends DueContext {
  work: SettingsWork;
  snapshot: SessionSnapshot & { version: NonNullable<SessionSnapshot["version"]> };
  memory: StationMemory;
  now: Date;
  isLastTry: boolean;
  results: Partial<Record<SettingName, SettingResult>>;
  send(command: ChargerCommand): Promise<CommandOutcome>;
  /** Stores what was found out so far. */
  save(): Promise<void>;
}
