import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..", "..");
const DECISIONS = readdirSync(join(root, "docs", "adr")).toSorted();
const REFERENCE = /(?:ADR |docs\/adr\/|\(adr\/)(\d{4})/g;

const textsIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|md|sql)$/.test(name))
    .map((name) => join(folder, name));

test("decisions are numbered from one without a gap, and each number is given once", () => {
  const numbers = DECISIONS.map((name) => Number(name.slice(0, 4)));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  for (const name of DECISIONS)
    expect(readFileSync(join(root, "docs", "adr", name), "utf8")).toMatch(`# ${name.slice(0, 4)}. `);
});

test("every reference to a decision names one that exists", () => {
  const files = [
    "README.md",
    "CONTRIBUTING.md",
    ...["docs", "src", "dev", "migrations", "test"].flatMap(textsIn),
  ];
  const named = files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(REFERENCE)].map(([, number]) => ({ file, number })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ number }) => !DECISIONS.some((name) => name.startsWith(`${number}-`)))).toEqual([]);
});
