import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLivingStack } from "../../dev/stack/data-directory.ts";
import { isAlive, type ProcessIdentity } from "../../dev/stack/process-identity.ts";
import {
  ended,
  spawnStack,
  startStack,
  untilReady,
  type PartName,
  type RunningStack,
} from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const PARTS: PartName[] = ["sql", "redis", "engine", "worker"];

const authorized = ({ apiKey }: RunningStack) => ({ authorization: `Bearer ${apiKey}` });

async function createLocation(stack: RunningStack, name: string): Promise<string> {
  const answer = await fetch(`${stack.url}/ocpp/locations`, {
    method: "POST",
    headers: { ...authorized(stack), "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  expect(answer.status).toBe(201);
  const path = answer.headers.get("location");
  expect(path).toMatch(/^\/ocpp\/locations\//);
  return path ?? "";
}

const statusOf = async (stack: RunningStack, path: string) =>
  (await fetch(`${stack.url}${path}`, { headers: authorized(stack) })).status;

const processesOf = (stack: RunningStack): ProcessIdentity[] => PARTS.map((name) => stack.part(name));

describe("a running stack", () => {
  let stack: RunningStack;
  beforeAll(async () => (stack = await startStack()));
  afterAll(() => stack.stop());

  it("is ready, and the key it printed opens the API", async () => {
    expect((await fetch(`${stack.url}/readyz`)).status).toBe(200);
    expect(await statusOf(stack, "/ocpp/locations")).toBe(200);
    expect(stack.organizationSlug).toBe("demo");
  });

  it("keeps secret files readable by their owner only", () => {
    const open = readdirSync(stack.dataDirectory).filter(
      (name) => statSync(join(stack.dataDirectory, name)).isFile() && /secrets|stack\.json|capnp/.test(name),
    );
    expect(open.map((name) => [name, statSync(join(stack.dataDirectory, name)).mode & 0o777])).toEqual(
      open.map((name) => [name, 0o600]),
    );
    const configuration = readFileSync(join(stack.dataDirectory, "workerd.capnp"), "utf8");
    const secrets: unknown = JSON.parse(readFileSync(join(stack.dataDirectory, "secrets.json"), "utf8"));
    expect(Object.values(secrets ?? {}).filter((value) => configuration.includes(String(value)))).toEqual([]);
  });

  it("refuses a second start on the same directory and is not disturbed by it", async () => {
    const second = await ended(spawnStack(stack.dataDirectory));
    expect(second).toMatchObject({ code: 1, stdout: "" });
    expect(second.stderr).toContain(`A stack already runs on ${stack.dataDirectory}`);
    expect(await statusOf(stack, "/ocpp/locations")).toBe(200);
  });

  it("runs the scheduled handler when its minute has come", async () => {
    await stack.fireScheduled();
  });

  it.each(PARTS)("restarts %s on its port after kill -9, with its data", async (name) => {
    const place = await createLocation(stack, `before the death of ${name}`);
    const address = stack.address(name);
    await stack.replacePart(name);
    expect(stack.address(name)).toBe(address);
    await waitFor(
      `the location after the death of ${name}`,
      async () => (await statusOf(stack, place)) === 200,
    );
    await waitFor("the news", () => stack.log().includes(`${name} is back`));
    expect(stack.log()).toContain(`${name}: ended by SIGKILL; starting it again`);
  });
});

describe("a stack on a full disk", () => {
  let stack: RunningStack;
  beforeAll(async () => (stack = await startStack()));
  afterAll(() => stack.stop());

  it("keeps its parts alive, reports what it cannot write, and writes it once there is space", async () => {
    const supervisor = readLivingStack(stack.dataDirectory)?.supervisor;
    const before = stack.part("worker");
    symlinkSync("/dev/full", join(stack.dataDirectory, `stack.json.${supervisor?.pid}.tmp`));
    await stack.killPart("worker");
    await waitFor("the news", () => stack.log().includes("stack.json cannot be written: ENOSPC"));
    await waitFor("the Worker's return", () => stack.log().includes("worker is back"), 30_000);
    await waitFor("its record", () => stack.part("worker").pid !== before.pid);
    expect(isAlive(stack.part("worker"))).toBe(true);
    await untilReady(stack.url);
  });

  it("leaves no part behind for longer than a moment when its supervisor is killed", async () => {
    const processes = processesOf(stack);
    expect(processes.map(isAlive)).toEqual([true, true, true, true]);
    await stack.killSupervisor();
    await waitFor("the end of every part", () => !processes.some(isAlive), 15_000);
  });
});

describe("the next start on the same data", () => {
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());

  it("has the same key, the same addresses and the same records; nothing ran in between", async () => {
    const first = await startStack({ dataDirectory: directory.path });
    const place = await createLocation(first, "kept");
    const addresses = PARTS.slice(0, 3).map((name) => first.address(name));
    const processes = processesOf(first);
    expect(await first.stop()).toBe(0);
    expect(processes.filter(isAlive)).toEqual([]);
    expect(existsSync(join(directory.path, "stack.json"))).toBe(false);

    const second = await startStack({ dataDirectory: directory.path });
    expect(second.apiKey).toBe(first.apiKey);
    expect(PARTS.slice(0, 3).map((name) => second.address(name))).toEqual(addresses);
    expect(await statusOf(second, place)).toBe(200);
    await second.stop();
  });

  it("takes over from a supervisor that was killed, and ends what that one left behind", async () => {
    const first = await startStack({ dataDirectory: directory.path });
    const place = await createLocation(first, "survivor");
    const processes = processesOf(first);
    await first.killSupervisor();

    const second = await startStack({ dataDirectory: directory.path });
    expect(processes.filter(isAlive)).toEqual([]);
    expect(await statusOf(second, place)).toBe(200);
    await second.stop();
  });
});

function emptyDirectory(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
}

const damageDatabase = (directory: string) => truncateSync(join(directory, "global", "pg_control"), 9);

describe("a start that cannot succeed", () => {
  const kept = temporaryDirectory();
  beforeAll(async () => {
    await (await startStack({ dataDirectory: kept.path })).stop();
  });
  afterAll(async () => {
    // All of it is back in its place.
    await (await startStack({ dataDirectory: kept.path })).stop();
    kept.remove();
  });

  it("names the port that is taken", async () => {
    const directory = temporaryDirectory();
    const intruder = createServer().listen(0, "127.0.0.1");
    await once(intruder, "listening");
    const address = intruder.address();
    const port = String(typeof address === "object" ? address?.port : "");
    const outcome = await ended(spawnStack(directory.path, { args: ["--port", port] }));
    intruder.close();
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain(`Port ${port} is taken`);
    directory.remove();
  });

  it("names the data directory that cannot be written, in one line", async () => {
    const directory = temporaryDirectory();
    const file = join(directory.path, "file");
    writeFileSync(file, "");
    const outcome = await ended(spawnStack(join(file, "data")));
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toMatch(
      /^The data directory \S+\/file\/data cannot be written: ENOTDIR[^\n]*--data\.\n$/,
    );
    directory.remove();
  });

  it.each([
    ["secrets.json was removed", "secrets.json", (file: string) => rmSync(file), "is missing"],
    ["secrets.json is damaged", "secrets.json", (file: string) => truncateSync(file, 9), "is damaged"],
    ["state.json is damaged", "state.json", (file: string) => truncateSync(file, 9), "is damaged"],
    ["engine.sqlite is damaged", "engine.sqlite", (file: string) => truncateSync(file, 9000), "is damaged"],
    ["the database was emptied", "postgres", emptyDirectory, "holds no database"],
    ["the database is damaged", "postgres", damageDatabase, "is damaged"],
  ])("when %s names it and the cure", async (_case, name, harm, message) => {
    const file = join(kept.path, name);
    const copy = join(kept.path, "copy");
    cpSync(file, copy, { recursive: true });
    harm(file);
    const outcome = await ended(spawnStack(kept.path));
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain(`${file} ${message}`);
    expect(outcome.stderr).toContain("Put it back from a copy");
    expect(outcome.stderr).not.toMatch(/\n {4}at /);
    rmSync(file, { recursive: true, force: true });
    renameSync(copy, file);
  });

  it("explains a flag it does not know", async () => {
    const outcome = await ended(spawnStack("unused", { args: ["--prot", "1"] }));
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain("--prot");
    expect(outcome.stderr).toContain("Usage: npm start");
  });

  it("stops what it has started when it is interrupted", async () => {
    const directory = temporaryDirectory();
    const child = spawnStack(directory.path);
    const outcome = ended(child);
    const file = join(directory.path, "stack.json");
    const parts = await waitFor(
      "the first part",
      () => existsSync(file) && readFileSync(file, "utf8"),
      30_000,
    );
    child.kill("SIGTERM");
    expect((await outcome).code).toBe(1);
    const processes: ProcessIdentity[] = Object.values(JSON.parse(parts).parts);
    expect(processes.length).toBeGreaterThan(0);
    expect(processes.filter(isAlive)).toEqual([]);
    directory.remove();
  });

  it("gives up with exit code 1 when a part keeps dying, and leaves nothing behind", async () => {
    const stack = await startStack();
    const others = processesOf(stack);
    for (let death = 1; death <= 5; death++) {
      const before = stack.part("engine");
      await stack.killPart("engine");
      if (death < 5) await waitFor("the next engine", () => stack.part("engine").pid !== before.pid);
    }
    expect(await stack.exited).toBe(1);
    expect(stack.log()).toContain("for the 5th time within a minute; giving up");
    expect(others.filter(isAlive)).toEqual([]);
    await stack.stop();
  });
});
