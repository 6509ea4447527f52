import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writesData } from "../../../src/store/sql.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const files = ["src", "workflows"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name)),
);
const store = files.filter((name) => name.startsWith(join("src", "store")));
const sourceOf = (name: string) => readFileSync(join(root, name), "utf8");

/** The text of each `sql.read(…)`: written there, or in a constant of the same file; the whole file where it is composed. */
function readsOf(source: string): string[] {
  return [...source.matchAll(/\bsql\.read\(\s*(?:(\w+)|(["`])([^]*?)\2)/g)].map(([, name, , text]) => {
    if (name === undefined) return text ?? "";
    const constant = new RegExp(`\\bconst ${name}\\b[^=]*=\\s*(["\`])([^]*?)\\1;`).exec(source);
    return constant?.[2] ?? source;
  });
}

describe("a statement that writes", () => {
  const reads = store
    .map((name) => [name, readsOf(sourceOf(name))] as const)
    .filter(([, texts]) => texts.length > 0);

  it("is searched for in every file that reads", () => {
    expect(reads.flatMap(([, texts]) => texts).length).toBeGreaterThan(20);
  });

  it.each(reads)("does not go out without its deadline from %s", (_, texts) => {
    expect(texts.filter(writesData)).toEqual([]);
  });

  it("has one way to the database", () => {
    const clients = files.filter((name) => /from "@neondatabase\//.test(sourceOf(name)));
    expect(clients.toSorted()).toEqual([
      join("src", "store", "sql-failure.ts"),
      join("src", "store", "sql.ts"),
    ]);
  });
});
