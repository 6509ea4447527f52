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

/** State shared by the parts of one try. */
export interface Application extends DueContext {
  work: SettingsWork;
  snapshot: SessionSnapshot & { version: NonNullable<SessionSnapshot["version"]> };
  memory: StationMemory;
  now: Date;
  isLastTry: boolean;
  results: Partial<Record<SettingName, SettingResult>>;
  send(command: ChargerCommand): Promise<CommandOutcome>;
  /** Stores the results so far. */
  save(): Promise<void>;
}
