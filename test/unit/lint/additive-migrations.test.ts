import { describe, expect, it } from "vitest";
import { statementsOf } from "../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../dev/migrate/read-migrations.ts";

interface Rule {
  pattern: RegExp;
  why: string;
}

/** What the Worker of the version before does not survive, or what holds up the statements of the one that runs. */
const RULES: Rule[] = [
  { pattern: /\bDROP\s+(TABLE|COLUMN|FUNCTION|VIEW|SCHEMA)\b/i, why: "the version before still uses it" },
  { pattern: /\bTRUNCATE\b|\bDELETE\s+FROM\b/i, why: "the version before still reads it" },
  { pattern: /\bRENAME\b/i, why: "the version before knows the old name" },
  { pattern: /\bSET\s+NOT\s+NULL\b/i, why: "the version before writes null" },
  { pattern: /\bDROP\s+DEFAULT\b/i, why: "the version before relies on it" },
  { pattern: /\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b/i, why: "it rewrites the table" },
  {
    pattern: /\bADD\s+COLUMN\b(?=[^,;]*\bNOT\s+NULL\b)(?![^,;]*\bDEFAULT\b)/i,
    why: "the version before writes no value",
  },
  {
    pattern:
      /\bADD\s+(CONSTRAINT\s+\w+\s+)?(CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)\b(?![^;]*\bNOT\s+VALID\b)/i,
    why: "it reads the whole table under a lock: add it NOT VALID",
  },
];

/** Indexes of a table that has rows are built beside running statements. */
function indexesUnderLock(text: string): string[] {
  const made = new Set(
    [...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/gi)].map(([, table]) => table),
  );
  const built = text.matchAll(/CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:IF NOT EXISTS )?\w+ ON (\w+)/gi);
  return [...built].flatMap(([statement, table]) => (made.has(table) ? [] : statement));
}

function findings(text: string): string[] {
  const bare = text.replaceAll(/--.*$/gm, "");
  const broken = RULES.flatMap(({ pattern, why }) => (pattern.test(bare) ? why : []));
  const locked = indexesUnderLock(bare).map((statement) => `${statement}: build it CONCURRENTLY`);
  const dropped = /\bDROP\s+INDEX\s+(?!CONCURRENTLY)/i.test(bare) ? ["drop the index CONCURRENTLY"] : [];
  return [...broken, ...locked, ...dropped];
}

describe("a migration", () => {
  it.each(readMigrations())("$name leaves the version before working", ({ text }) => {
    expect(findings(text)).toEqual([]);
  });

  it.each(readMigrations().filter(({ isConcurrent }) => isConcurrent))(
    "$name, which no transaction guards, consists of index statements that can be repeated",
    ({ text }) => {
      const repeatable =
        /^(CREATE (UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS \w+ ON|DROP INDEX CONCURRENTLY IF EXISTS) /;
      expect(statementsOf(text).filter((statement) => !repeatable.test(statement))).toEqual([]);
    },
  );

  it.each([
    "ALTER TABLE jobs DROP COLUMN error",
    "ALTER TABLE jobs RENAME COLUMN error TO failure",
    "ALTER TABLE jobs ADD COLUMN cause text NOT NULL",
    "ALTER TABLE jobs ADD COLUMN note text DEFAULT '', ADD COLUMN cause text NOT NULL",
    "ALTER TABLE jobs ALTER COLUMN error SET NOT NULL",
    "ALTER TABLE jobs ALTER COLUMN total TYPE bigint",
    "ALTER TABLE jobs ADD CONSTRAINT small CHECK (total < 10)",
    "DROP TABLE jobs",
    "CREATE INDEX jobs_total ON jobs (total)",
    "DROP INDEX jobs_open",
  ])("is refused when it says %s", (text) => {
    expect(findings(text)).toHaveLength(1);
  });

  it.each([
    "ALTER TABLE jobs ADD COLUMN cause text",
    "ALTER TABLE jobs ADD COLUMN cause text NOT NULL DEFAULT ''",
    "ALTER TABLE jobs DROP CONSTRAINT jobs_status_check, ADD CONSTRAINT jobs_status_check CHECK (true) NOT VALID",
    "CREATE TABLE IF NOT EXISTS parts (id int NOT NULL); CREATE INDEX IF NOT EXISTS parts_id ON parts (id)",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_total ON jobs (total)",
  ])("is taken when it says %s", (text) => {
    expect(findings(text)).toEqual([]);
  });
});
