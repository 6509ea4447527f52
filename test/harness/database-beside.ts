import { join } from "node:path";
import { migrationsDirectory } from "../../dev/migrate/read-migrations.ts";
import { spawnPart, type ChildPart } from "./child-part.ts";

/**
 * A database in a process of its own, which a stack uses as a hosted one, so that a test can take it away: a part of the
 * stack would be started again at once.
 */
export class DatabaseBeside {
  readonly #dataDir: string;
  readonly url: string;
  #part: ChildPart;

  private constructor(dataDir: string, url: string, part: ChildPart) {
    this.#dataDir = dataDir;
    this.url = url;
    this.#part = part;
  }

  static async start(directory: string): Promise<DatabaseBeside> {
    const dataDir = join(directory, "pg");
    const part = spawnPart("sql", { port: 0, dataDir, migrations: migrationsDirectory });
    return new DatabaseBeside(dataDir, await part.url, part);
  }

  /** What the stack is started with. */
  get env(): Record<string, string> {
    return {
      DATABASE_URL: "postgresql://u:p@hosted.example/busbar",
      NEON_FETCH_ENDPOINT: `${this.url}/sql`,
    };
  }

  /** SIGSTOP: connections are taken and nothing is answered, until `thaw`. */
  freeze(): void {
    this.#part.process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#part.process.kill("SIGCONT");
  }

  /** kill -9: from when it resolves, every connection is refused and nothing arrives. May be called twice. */
  async stop(): Promise<void> {
    this.#part.process.kill("SIGKILL");
    await this.#part.exited;
  }

  /** On the same address, with all that it acknowledged. */
  async startAgain(): Promise<void> {
    const port = Number(new URL(this.url).port);
    this.#part = spawnPart("sql", { port, dataDir: this.#dataDir, migrations: migrationsDirectory });
    await this.#part.url;
  }
}
