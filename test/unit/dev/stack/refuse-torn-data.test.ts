import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { takeDataDirectory, type DataDirectory } from "../../../../dev/stack/data-directory.ts";
import { refuseTornData } from "../../../../dev/stack/refuse-torn-data.ts";
import { StackError } from "../../../../dev/stack/stack-error.ts";
import { chooseWiring } from "../../../../dev/stack/wiring.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let data: DataDirectory;
beforeEach(async () => {
  directory = temporaryDirectory();
  data = await takeDataDirectory(directory.path);
});
afterEach(() => directory.remove());

const SECRETS = "secrets.json";
const DATABASE = "postgres/PG_VERSION";
const OBJECT = "objects/busbar-ChargePointSession/1.sqlite";
const RELOADED_OBJECT = "wrangler/v3/do/busbar-ChargePointSession/1.sqlite";

function hold(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(data.file(name)), { recursive: true });
    writeFileSync(data.file(name), "");
  }
}

const judge = (env: Record<string, string> = {}) => refuseTornData(data, chooseWiring(env));

it.each([
  ["an empty directory", []],
  ["a first start that was interrupted", [SECRETS, DATABASE]],
  ["all of it", [SECRETS, DATABASE, OBJECT, "engine.sqlite"]],
  ["a database whose objects are lost", [SECRETS, DATABASE, "engine.sqlite"]],
])("%s may start", (_case, names) => {
  hold(...names);
  mkdirSync(join(directory.path, "objects"), { recursive: true });
  judge();
});

it.each([[DATABASE], [OBJECT], [RELOADED_OBJECT], ["engine.sqlite"]])(
  "missing secrets beside %s are refused by name, with the cure",
  (name) => {
    hold(name);
    expect(judge).toThrow(StackError);
    expect(judge).toThrow(`${data.file(SECRETS)} is missing`);
    expect(judge).toThrow(/Put it back from a copy\. .*--data\.$/);
  },
);

it.each([
  ["that was emptied", () => mkdirSync(data.file("postgres"))],
  ["that was removed", () => {}],
])("a database %s beside living objects is refused by name, with the cure", (_case, prepare) => {
  prepare();
  hold(SECRETS, OBJECT);
  expect(judge).toThrow(StackError);
  expect(judge).toThrow(`${data.file("postgres")} holds no database, but objects/ beside it holds chargers`);
  expect(judge).toThrow(/Put it back from a copy.*--data\.$/);
});

it.each(["BUSBAR_PG_URL", "DATABASE_URL"])(
  "a data directory without its database may start with %s",
  (name) => {
    hold(SECRETS, OBJECT);
    judge({ [name]: "postgres://u:p@db.test/busbar" });
  },
);
