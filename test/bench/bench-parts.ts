import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { migrationsDirectory } from "../../dev/migrate/read-migrations.ts";
import { announcesUrl } from "../../dev/stack/announcements.ts";
import { PortClaims } from "../../dev/stack/port-claims.ts";
import { Part, type PartSpec } from "../../dev/stack/part.ts";
import { projectRoot } from "../../dev/stack/project.ts";
import { stackEnvironment } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const secret = (prefix = "") => prefix + randomBytes(32).toString("base64url");

/** Parts of the local stack that the bench starts itself, so that baseline and candidate share their processes. */
export class BenchParts {
  readonly directory = temporaryDirectory();
  readonly ports = new PortClaims();
  readonly redisToken = secret();
  readonly engineToken = secret();
  readonly currentKey = secret("sig_");
  readonly nextKey = secret("sig_");
  readonly #parts: Part[] = [];

  async start(spec: PartSpec): Promise<Part> {
    const part = new Part(spec, {
      spawned: () => {},
      line: () => {},
      note: (text) => console.warn(text),
      gaveUp: (error) => console.error(error),
    });
    this.#parts.push(part);
    await part.start();
    return part;
  }

  async stop(): Promise<void> {
    for (const part of this.#parts.toReversed()) await part.stop();
    this.ports.release();
    this.directory.remove();
  }

  /** Each resolves to the part's address. */
  sql(): Promise<string> {
    const dataDir = join(this.directory.path, "postgres");
    return this.#embedded("sql", { dataDir, migrations: migrationsDirectory });
  }

  redis(): Promise<string> {
    return this.#embedded("redis", { token: this.redisToken });
  }

  engine(): Promise<string> {
    return this.#embedded("engine", {
      dataFile: join(this.directory.path, "engine.sqlite"),
      token: this.engineToken,
      currentKey: this.currentKey,
      nextKey: this.nextKey,
      hooks: true,
    });
  }

  /** Variables that make a Worker, or a whole stack, use this Redis and this engine at the given addresses. */
  variables(redisUrl: string, engineUrl: string): Record<string, string> {
    return {
      UPSTASH_REDIS_REST_URL: redisUrl,
      UPSTASH_REDIS_REST_TOKEN: this.redisToken,
      QSTASH_URL: engineUrl,
      QSTASH_TOKEN: this.engineToken,
      QSTASH_CURRENT_SIGNING_KEY: this.currentKey,
      QSTASH_NEXT_SIGNING_KEY: this.nextKey,
    };
  }

  async #embedded(name: string, configuration: object): Promise<string> {
    const port = await this.ports.takeFree();
    await this.start({
      name,
      command: process.execPath,
      args: ["--disable-warning=ExperimentalWarning", join(projectRoot, "dev", name, "main.ts")],
      env: stackEnvironment({ BUSBAR_PART: JSON.stringify({ port, ...configuration }) }),
      announcement: announcesUrl,
      stopPatienceMs: 8_000,
    });
    return `http://127.0.0.1:${port}`;
  }
}
