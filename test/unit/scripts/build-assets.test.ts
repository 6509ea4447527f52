import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { buildAssets } from "../../../scripts/build-assets.mjs";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let target: string;
beforeEach(() => {
  directory = temporaryDirectory();
  target = join(directory.path, "assets");
});
afterEach(() => directory.remove());

it("contains the page, the files that it loads, and the licence of third-party files", () => {
  buildAssets(target);
  const page = readFileSync(join(target, "docs", "index.html"), "utf8");
  const asked = [...page.matchAll(/(?:src|href)="\/docs\/([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(asked.length).toBeGreaterThan(2);
  for (const name of [...asked, "swagger-ui.LICENSE.txt", "swagger-ui.NOTICE.txt"])
    expect(existsSync(join(target, "docs", name))).toBe(true);
});

it("leaves no file of an earlier build and no draft behind", () => {
  mkdirSync(join(target, "docs"), { recursive: true });
  writeFileSync(join(target, "docs", "old.js"), "");
  buildAssets(target);
  expect(existsSync(join(target, "docs", "old.js"))).toBe(false);
  expect(readdirSync(directory.path)).toEqual(["assets"]);
});

it("a file that is current is not written again", () => {
  buildAssets(target);
  const file = join(target, "docs", "swagger-ui.css");
  const before = statSync(file).ino;
  buildAssets(target);
  expect(statSync(file).ino).toBe(before);
});
