import { join } from "node:path";
import { migrationsDirectory } from "../../dev/migrate/read-migrations.ts";
import { spawnPart, type ChildPart } from "./child-part.ts";

/**
 * A database in a process of its own, which a stack uses like a hosted one, so that a test can stop it. The supervisor would
 * restart a database of the stack at once.
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

  /** Variables with which the stack uses this database. */
  get env(): Record<string, string> {
    return {
      DATABASE_URL: "postgresql://u:p@hosted.example/busbar",
      NEON_FETCH_ENDPOINT: `${this.url}/sql`,
    };
  }

  /** SIGSTOP: until `thaw`, connections are accepted and not answered. */
  freeze(): void {
    this.#part.process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#part.process.kill("SIGCONT");
  }

  /** kill -9. Once it resolves, connections are refused. May be called twice. */
  async stop(): Promise<void> {
    this.#part.process.kill("SIGKILL");
    await this.#part.exited;
  }

  /** Starts it on the same port and data. */
  async startAgain(): Promise<void> {
    const port = Number(new URL(this.url).port);
    this.#part = spawnPart("sql", { port, dataDir: this.#dataDir, migrations: migrationsDirectory });
    await this.#part.url;
  }
}
