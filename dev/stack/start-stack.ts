import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { takeDataDirectory, type DataDirectory } from "./data-directory.ts";
import { firstOrganization, tagPolicyNote } from "./first-organization.ts";
import { isPortFree, PortClaims } from "./port-claims.ts";
import { Part, type PartEvents, type PartSpec } from "./part.ts";
import { enginePart, redisPart, sqlPart } from "./part-specs.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import {
  chooseInnerPorts,
  INNER_PORTS,
  loadRemembered,
  saveRemembered,
  type Remembered,
} from "./remembered.ts";
import { startSchedule } from "./schedule.ts";
import { refuseTornData } from "./refuse-torn-data.ts";
import { loadSecrets, saveSecrets, type FirstOrganization, type Secrets } from "./secrets.ts";
import { StackError } from "./stack-error.ts";
import { reasonOf } from "./write-json.ts";
import { reloadingWorker, servedWorker, type WorkerPart } from "./worker-part.ts";
import {
  chooseWiring,
  databaseVariables,
  workerVariables,
  type Environment,
  type Wiring,
  type WiringContext,
} from "./wiring.ts";

const PUBLISH_AGAIN_MS = 1_000;
const READY_DEADLINE_MS = 60_000;

export interface StackOptions {
  dataDirectory: string;
  /** Deletes what the data directory holds first. */
  fresh?: boolean;
  /** 0 takes a free one. */
  port: number;
  env: Environment;
  /** `wrangler dev` instead of workerd alone. */
  reload: boolean;
  /** Called with each line that a part wrote. */
  line: (part: string, text: string) => void;
  /** Called with messages for the user: a part died, or is back. */
  note: (text: string) => void;
  /** Aborts a start that has not finished. */
  signal: AbortSignal;
}

export interface Stack {
  url: string;
  organization: FirstOrganization;
  /** Rejects when a part died too often; never resolves. */
  failed: Promise<never>;
  /** Stops all parts, last started first, and releases the data directory. */
  stop(): Promise<void>;
}

/**
 * Starts all parts on a data directory and waits until `/readyz` is green.
 * @throws StackError when the directory is in use, the port taken, or a part does not come up; nothing is left running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const data = await takeDataDirectory(options.dataDirectory, { fresh: options.fresh });
  const supervised = new Supervised(data, options);
  const callOff = () => supervised.callOff(new StackError("Stopped before it was ready."));
  options.signal.addEventListener("abort", callOff);
  try {
    if (options.signal.aborted) callOff();
    return await Promise.race([supervised.start(), supervised.failed]);
  } catch (error) {
    await supervised.stop();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", callOff);
  }
}

class Supervised {
  /** Rejects when a part died too often or the start was aborted. */
  readonly failed: Promise<never>;
  readonly #data: DataDirectory;
  readonly #options: StackOptions;
  readonly #giveUp = new AbortController();
  readonly #processes: Record<string, ProcessIdentity> = {};
  readonly #started: Part[] = [];
  readonly #ports = new PortClaims();
  #addresses: Record<string, string> = {};
  #url = "";
  #schedule: { stop(): void } | undefined;
  #stopped: Promise<void> | undefined;
  #unpublished: { retry: NodeJS.Timeout } | undefined;
  /** Kills the parts when this process exits without having stopped them. */
  readonly #endAtExit = () => {
    for (const part of this.#started) part.endNow();
  };

  constructor(data: DataDirectory, options: StackOptions) {
    this.#data = data;
    this.#options = options;
    setMaxListeners(0, this.#giveUp.signal);
    this.failed = new Promise((_resolve, reject) => {
      this.#giveUp.signal.addEventListener("abort", () => reject(this.#giveUp.signal.reason));
    });
    // Nothing may await it while the stack stops.
    this.failed.catch(() => {});
    process.on("exit", this.#endAtExit);
  }

  async start(): Promise<Stack> {
    const port = await this.#workerPort();
    const secretsFile = this.#data.file("secrets.json");
    const stateFile = this.#data.file("state.json");
    const wiring = chooseWiring(this.#options.env);
    refuseTornData(this.#data, wiring);
    const secrets = loadSecrets(secretsFile);
    const before = loadRemembered(stateFile);
    const context = await this.#context(port, wiring, secrets, before);
    const remember = (baseUrl: string | undefined) =>
      saveRemembered(stateFile, { ports: context.ports, baseUrl });
    remember(before.baseUrl);

    const variables = workerVariables(context);
    const [worker] = await Promise.all([this.#worker(context, variables, port), this.#startStores(context)]);
    const organization = await firstOrganization(databaseVariables(context), secrets.organization);
    saveSecrets(secretsFile, { ...secrets, organization });
    const policy = await tagPolicyNote(databaseVariables(context), organization);
    if (policy) this.#options.note(policy);
    await this.#startPart(worker.spec);
    // The engine comes last, so that the Worker already listens when it delivers.
    if (context.wiring.engine.embedded)
      await this.#startPart(enginePart(context, this.#data, before.baseUrl));
    remember(context.baseUrl);
    await awaitReady(this.#url, this.#giveUp.signal);
    this.#schedule = startSchedule(worker.fireScheduled, worker.crons, this.#options.note);
    return { url: context.baseUrl, organization, failed: this.failed, stop: () => this.stop() };
  }

  /** Rejects `failed` and the start of every part that is not started yet. */
  callOff(reason: StackError): void {
    this.#giveUp.abort(reason);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    this.#schedule?.stop();
    // Last started, first stopped: the engine finishes its deliveries before the Worker stops.
    for (const part of this.#started.toReversed()) await part.stop();
    process.off("exit", this.#endAtExit);
    clearTimeout(this.#unpublished?.retry);
    this.#ports.release();
    this.#data.release();
  }

  async #workerPort(): Promise<number> {
    const { port } = this.#options;
    if (port === 0) return this.#ports.takeFree();
    // A port that the user asked for is used if nobody listens on it, reserved by another stack or not.
    if ((await this.#ports.take(port)) || (await isPortFree(port))) return port;
    throw new StackError(`Port ${port} is taken. Pass another with --port, or --port 0 for a free one.`);
  }

  async #context(port: number, wiring: Wiring, secrets: Secrets, before: Remembered): Promise<WiringContext> {
    const { env } = this.#options;
    const ports = await chooseInnerPorts(before.ports, this.#ports);
    const running = {
      sql: wiring.sql.embedded,
      redis: wiring.redis.embedded,
      engine: wiring.engine.embedded,
      scheduler: !this.#options.reload,
    };
    this.#url = `http://127.0.0.1:${port}`;
    this.#addresses = { worker: this.#url };
    for (const name of INNER_PORTS) {
      if (running[name]) this.#addresses[name] = `http://127.0.0.1:${ports[name]}`;
    }
    const baseUrl = (env["PUBLIC_BASE_URL"] || this.#url).replace(/\/+$/, "");
    return { env, wiring, secrets, ports, baseUrl };
  }

  #worker(
    context: WiringContext,
    variables: Record<string, string>,
    port: number,
  ): Promise<WorkerPart> | WorkerPart {
    if (this.#options.reload) return reloadingWorker(context, this.#data, variables, port);
    return servedWorker(context, this.#data, variables, port, this.#giveUp.signal);
  }

  async #startStores(context: WiringContext): Promise<void> {
    const { sql, redis } = context.wiring;
    const specs: PartSpec[] = [];
    if (sql.embedded) specs.push(sqlPart(context, this.#data, sql));
    if (redis.embedded) specs.push(redisPart(context, redis));
    await Promise.all(specs.map((spec) => this.#startPart(spec)));
  }

  async #startPart(spec: PartSpec): Promise<void> {
    this.#giveUp.signal.throwIfAborted();
    const part = new Part(spec, this.#events());
    this.#started.push(part);
    await part.start();
  }

  #events(): PartEvents {
    return {
      spawned: (name, identity) => {
        this.#processes[name] = identity;
        this.#publish();
      },
      line: this.#options.line,
      note: this.#options.note,
      gaveUp: (error) => this.callOff(error),
    };
  }

  /** Writes `stack.json`. On a full disk it says so once and tries again every second; the stack runs on. */
  #publish(): void {
    clearTimeout(this.#unpublished?.retry);
    try {
      this.#data.publish({ url: this.#url, addresses: this.#addresses, parts: this.#processes });
      this.#unpublished = undefined;
    } catch (error) {
      if (this.#unpublished === undefined)
        this.#options.note(`${reasonOf(error)} The stack runs on; trying again every second.`);
      this.#unpublished = { retry: setTimeout(() => this.#publish(), PUBLISH_AGAIN_MS).unref() };
    }
  }
}

/** Polls `/readyz` until it answers 200. `aborted` rejects with its reason. @throws StackError after a minute */
async function awaitReady(url: string, aborted: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  let last = "no answer";
  while (Date.now() < deadline) {
    aborted.throwIfAborted();
    try {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
      const body = await answer.text();
      if (answer.status === 200) return;
      last = `${answer.status} ${body}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(100);
  }
  throw new StackError(
    `${url}/readyz did not turn green within ${READY_DEADLINE_MS / 1000} s. Last answer: ${last}`,
  );
}
