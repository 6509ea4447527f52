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
  flushes: FlushedFact[][] = [];

  constructor() {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_input, init) => this.#answer(init));
  }

  factsOf(chargerId: string): FlushedFact[] {
    return this.flushes.flat().filter((fact) => fact.charger_id === chargerId);
  }

  #answer(init: RequestInit | undefined): Response {
    if (this.isDown) return new Response("down", { status: 503 });
    const { params } = JSON.parse(String(init?.body)) as { params: string[] };
    this.flushes.push(JSON.parse(params[0] ?? "[]") as FlushedFact[]);
    return Response.json({ command: "INSERT", rowCount: 0, rows: [], fields: [] });
  }
}
