import { join } from "node:path";
import { startSql, type SqlServer } from "../../dev/sql/start-sql.ts";

const schemaFile = join(import.meta.dirname, "..", "..", "schema.sql");

/** A database that a stack uses as a hosted one, so that a test can take it away: a part would be started again at once. */
export class DatabaseBeside {
  readonly #dataDir: string;
  readonly #port: number;
  readonly url: string;
  #server: SqlServer | null;

  private constructor(dataDir: string, server: SqlServer) {
    this.#dataDir = dataDir;
    this.#server = server;
    this.url = server.url;
    this.#port = Number(new URL(server.url).port);
  }

  static async start(directory: string): Promise<DatabaseBeside> {
    const dataDir = join(directory, "pg");
    return new DatabaseBeside(dataDir, await startSql({ dataDir, schemaFile, port: 0 }));
  }

  /** What the stack is started with. */
  get env(): Record<string, string> {
    return {
      DATABASE_URL: "postgresql://u:p@hosted.example/busbar",
      NEON_FETCH_ENDPOINT: `${this.url}/sql`,
    };
  }

  /** From when it resolves, every connection is refused and nothing arrives. May be called twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.close();
  }

  /** On the same address, with what it held. */
  async startAgain(): Promise<void> {
    this.#server = await startSql({ dataDir: this.#dataDir, schemaFile, port: this.#port });
  }
}
