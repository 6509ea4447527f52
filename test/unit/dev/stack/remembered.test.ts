import { createServer } from "node:net";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isPortFree, PortClaims } from "../../../../dev/stack/port-claims.ts";
import { chooseInnerPorts, loadRemembered, saveRemembered } from "../../../../dev/stack/remembered.ts";
import { loadSecrets, saveSecrets } from "../../../../dev/stack/secrets.ts";
import { StackError } from "../../../../dev/stack/stack-error.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => (directory = temporaryDirectory()));
afterEach(() => directory.remove());

/** What a start on this machine chooses; another one follows once it has ended. */
async function choose(known: Record<string, number>) {
  const claims = new PortClaims();
  const ports = await chooseInnerPorts(known, claims);
  claims.release();
  return ports;
}

it("the next start takes the same ports again", async () => {
  const file = join(directory.path, "state.json");
  const ports = await choose({});
  saveRemembered(file, { ports, baseUrl: "http://127.0.0.1:8787" });
  const before = loadRemembered(file);
  expect(before.baseUrl).toBe("http://127.0.0.1:8787");
  expect(await choose(before.ports)).toEqual(ports);
});

it("a remembered port that is in use is replaced, the others stay", async () => {
  const ports = await choose({});
  const intruder = createServer().listen(ports.redis, "127.0.0.1");
  await once(intruder, "listening");
  const again = await choose(ports);
  intruder.close();
  expect(again).toEqual({ ...ports, redis: again.redis });
  expect(again.redis).not.toBe(ports.redis);
});

it("a port that another start has reserved is not chosen, even before it listens", async () => {
  const other = new PortClaims();
  const ports = await chooseInnerPorts({}, other);
  expect(await isPortFree(ports.sql)).toBe(true);
  const own = Object.values(await choose(ports));
  const theirs = new Set(Object.values(ports));
  expect(own.filter((port) => theirs.has(port))).toEqual([]);
  other.release();
  expect(await choose(ports)).toEqual(ports);
});

it("no part gets the Worker's port or that of another part", async () => {
  const claims = new PortClaims();
  const port = await claims.takeFree();
  const ports = await chooseInnerPorts({ sql: port, redis: port, engine: port }, claims);
  claims.release();
  expect(new Set([port, ...Object.values(ports)]).size).toBe(5);
});

it("secrets are generated once, differ from each other and can be read by their owner only", () => {
  const file = join(directory.path, "secrets.json");
  const first = loadSecrets(file);
  expect(loadSecrets(file)).toEqual(first);
  expect(new Set(Object.values(first)).size).toBe(7);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const organization = { organization: "id", organization_slug: "demo", api_key: "key", key_id: "key_1" };
  saveSecrets(file, { ...first, organization });
  expect(loadSecrets(file)).toEqual({ ...first, organization });
});

it.each([
  ["secrets.json", loadSecrets, '{"JWT_SECRET":', "it is not JSON. Put it back from a copy"],
  ["secrets.json", loadSecrets, '{"JWT_SECRET": 7}', "JWT_SECRET, SETTINGS_TOKEN_SECRET"],
  ["secrets.json", loadSecrets, "", "it is not JSON. Put it back from a copy"],
  ["state.json", loadRemembered, "\0\0\0", "it is not JSON. Put it back from a copy, or delete it"],
  ["state.json", loadRemembered, '{"ports": []}', "ports cannot be used. Put it back from a copy, or delete"],
])("a damaged %s is refused by its name, with the cure (%s, %j)", (name, load, text, message) => {
  const file = join(directory.path, name);
  writeFileSync(file, text);
  expect(() => load(file)).toThrow(StackError);
  expect(() => load(file)).toThrow(`${file} is damaged: `);
  expect(() => load(file)).toThrow(message);
});
