import { env } from "cloudflare:workers";
import { handleUpgrade } from "../../../../src/api/socket.ts";
import { UpgradeBudget } from "../../../../src/api/upgrade-budget.ts";
import { readEnv, type Env, type RawEnv } from "../../../../src/env.ts";
import type { RateCounter } from "../../../../src/ports.ts";

const UNREACHABLE: RateCounter = { add: async () => null };

/** The Worker's entry for upgrades as an isolate that has just begun; `adopt` finds nothing. */
export class FrontDoor {
  readonly #config: Env;
  readonly #counter: RateCounter;
  readonly #budget = new UpgradeBudget();
  readonly #inBackground: Promise<unknown>[] = [];
  /** How often it made somebody wait. */
  pauses = 0;

  constructor({ config = readEnv(env as RawEnv), counter = UNREACHABLE } = {}) {
    this.#config = config;
    this.#counter = counter;
  }

  /** A socket in the answer is accepted: one that nobody reads would outlive its test. */
  async ask(request: Request): Promise<Response> {
    const answer = await handleUpgrade(request, this.#config, {
      adopt: async () => false,
      counter: this.#counter,
      background: (work) => this.#inBackground.push(work),
      budget: this.#budget,
      pause: async () => void (this.pauses += 1),
    });
    answer.webSocket?.accept();
    return answer;
  }

  /** Everything that the answers so far left behind is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#inBackground.splice(0));
  }
}
