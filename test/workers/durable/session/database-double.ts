import { vi } from "vitest";

export interface FlushedFact {
  charger_id: string;
  generation: number;
  at: string;
  type: string;
  [field: string]: unknown;
}

/** Stands in for the SQL endpoint: notes the facts of every flush, and can be down. */
export class DatabaseDouble {
  isDown = false;
  acceptsUnknownTags = true;
  /** The highest transaction id on record. */
  highestId = 0;
  /** Organisations whose allocators asked for it. */
  asked: string[] = [];
  /** A statement with this text in its parameters is refused for its values. */
  refused: string | null = null;
  flushes: FlushedFact[][] = [];

  constructor() {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_input, init) => this.#answer(init));
  }

  factsOf(chargerId: string): FlushedFact[] {
    return this.flushes.flat().filter((fact) => fact.charger_id === chargerId);
  }

  #answer(init: RequestInit | undefined): Response {
    if (this.isDown) return new Response("down", { status: 503 });
    const { query, params } = JSON.parse(String(init?.body)) as { query: string; params: string[] };
    if (query.includes("accept_unknown_id_tags")) return this.#policy();
    if (query.includes("highest_id")) return this.#highest(params[0] ?? "");
    if (this.refused !== null && params[0]?.includes(this.refused))
      return Response.json({ message: "refused", code: "22P02" }, { status: 400 });
    this.flushes.push(JSON.parse(params[0] ?? "[]") as FlushedFact[]);
    return Response.json({ command: "INSERT", rowCount: 0, rows: [], fields: [] });
  }

  #highest(organizationId: string): Response {
    this.asked.push(organizationId);
    const fields = ["highest_id", "unknown"].map((name) => ({ name, dataTypeID: 23 }));
    const row = [String(this.highestId), "0"];
    return Response.json({ command: "SELECT", rowCount: 1, rows: [row], fields });
  }

  #policy(): Response {
    const row = [this.acceptsUnknownTags ? "t" : "f"];
    const fields = [{ name: "accept_unknown_id_tags", dataTypeID: 16 }];
    return Response.json({ command: "SELECT", rowCount: 1, rows: [row], fields });
  }
}
