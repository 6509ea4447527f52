import type { MovableClock } from "./clock.ts";
import type { ConfigTable } from "./config-table.ts";
import type { Database } from "./database.ts";
import type { DeadLetterTable } from "./dead-letter-table.ts";
import type { DedupTable } from "./dedup-table.ts";
import type { EngineStats } from "./engine-stats.ts";
import type { Faults } from "./faults.ts";
import type { MessageTable } from "./message-table.ts";
import type { PlanLimits } from "./plan-limits.ts";
import type { RunTable } from "./run-table.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Sender } from "./send-request.ts";
import type { SigningKeys } from "./signature.ts";

/** The parts every operation of the engine works with. */
export interface Engine {
  readonly db: Database;
  readonly configs: ConfigTable;
  readonly messages: MessageTable;
  readonly runs: RunTable;
  readonly deadLetters: DeadLetterTable;
  readonly dedup: DedupTable;
  readonly scheduler: Scheduler;
  readonly sender: Sender;
  readonly clock: MovableClock;
  readonly stats: EngineStats;
  readonly token: string;
  readonly keys: SigningKeys;
  readonly limits: PlanLimits;
  readonly timeScale: number;
  readonly lazyBytes: number;
  readonly timeoutMs: number;
  readonly hasHooks: boolean;
  readonly isAllowed: (url: string) => boolean;
  faults: Faults;
  deliveryCount: number;
  /** Tokens of first attempts by message id, while a test wants them repeated. */
  firstTokens: Map<string, string>;
  isClosed: boolean;
}
