import { vi } from "vitest";

interface DoubleEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

interface Query {
  query: string;
  params: (string | null)[];
}

/** Stands in for the SQL endpoint, for what live lines ask of it. */
export class FeedDouble {
  readonly events: DoubleEvent[] = [];
  /** Events that can be read; the others are behind a transaction that is open. */
  readable = Number.POSITIVE_INFINITY;
  isLive = false;
  isDown = false;
  readonly revoked: Set<string> = new Set();
  readonly statements: ("open" | "close" | "page" | "key")[] = [];

  constructor() {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_input, init) => {
      if (this.isDown) return new Response("down", { status: 503 });
      const body = JSON.parse(String(init?.body)) as Query | { queries: Query[] };
      const queries = "queries" in body ? body.queries : [body];
      const results = queries.map((query) => this.#result(query));
      return Response.json("queries" in body ? { results } : results[0]);
    });
  }

  /** Stores events; returns the id of the last one. */
  store(count: number, about: Partial<Omit<DoubleEvent, "id">> = {}): string {
    for (let i = 0; i < count; i++) {
      const id = `evt_${String(this.events.length + 1).padStart(26, "0")}`;
      this.events.push({ id, type: "charger.connected", data: { chargeBoxId: "CP" }, ...about });
    }
    return this.events.at(-1)?.id ?? "";
  }

  pages(): number {
    return this.statements.filter((name) => name === "page").length;
  }

  #result({ query, params }: Query): object {
    if (query.includes("is_live = true")) {
      this.statements.push("open");
      this.isLive = true;
      const newest = this.#readable().at(-1);
      return rowsOf({ id: 25 }, newest ? [[newest.id]] : []);
    }
    if (query.includes("is_live = false")) {
      this.statements.push("close");
      this.isLive = false;
      return rowsOf({}, []);
    }
    if (query.includes("scanned AS")) {
      this.statements.push("page");
      return this.#page(params[1] ?? null, Number(params[4]));
    }
    if (query.includes("api_keys")) {
      this.statements.push("key");
      return this.#key(params[0] ?? "");
    }
    // The begin, the deadline and the end of a write.
    return rowsOf({}, []);
  }

  #readable(): DoubleEvent[] {
    return this.events.slice(0, this.readable);
  }

  #page(after: string | null, most: number): object {
    const columns = {
      is_known: 16,
      scanned: 23,
      found: 23,
      last_id: 25,
      id: 25,
      type: 25,
      at: 1184,
      data: 114,
    };
    const at = this.#readable().findIndex(({ id }) => id === after);
    const isKnown = after === null || at >= 0;
    const found = isKnown ? this.#readable().slice(at + 1, at + 1 + most) : [];
    const head = [isKnown ? "t" : "f", String(found.length), String(found.length), found.at(-1)?.id ?? null];
    const rows = found.map(({ id, type, data }) => [
      ...head,
      id,
      type,
      "2026-02-06 14:30:00+00",
      JSON.stringify(data),
    ]);
    return rowsOf(columns, rows.length > 0 ? rows : [[...head, null, null, null, null]]);
  }

  #key(id: string): object {
    if (this.revoked.has(id)) return rowsOf({}, []);
    const { columns, row } = keyRow(id);
    return rowsOf(columns, [row]);
  }
}

/** The answer to one statement. `columns`: name and type. */
function rowsOf(columns: Record<string, number>, rows: (string | null)[][]): object {
  const fields = Object.entries(columns).map(([name, dataTypeID]) => ({ name, dataTypeID }));
  return { command: "SELECT", rowCount: rows.length, rows, fields };
}

/** A key of a viewer, with its organisation. */
function keyRow(id: string) {
  const values: [column: string, type: number, value: string | null][] = [
    ["key_id", 25, id],
    ["key_name", 25, "page"],
    ["role", 25, "viewer"],
    ["prefix", 25, "cap_live_abcd****"],
    ["created_at", 1184, "2026-02-06 14:30:00+00"],
    ["last_used_at", 1184, null],
    ["id", 25, "00000000-0000-7000-8000-000000000000"],
    ["slug", 25, "acme"],
    ["name", 25, "Acme"],
    ["rate_limit", 23, null],
    ["rate_limit_window_seconds", 23, null],
    ["charger_limit", 23, null],
    ["open_job_limit", 23, null],
    ["accept_unknown_id_tags", 16, "t"],
    ["transfer_hosts", 1009, null],
    ["ws_url_hosts", 1009, null],
    ["allow_unauthenticated_chargers", 16, "t"],
    ["master_pass_group_id", 25, null],
    ["tag_cache_seconds", 23, null],
    ["transaction_update_seconds", 23, "60"],
  ];
  return {
    columns: Object.fromEntries(values.map(([column, type]) => [column, type])),
    row: values.map(([, , value]) => value),
  };
}
