import { afterAll, beforeAll, expect, test } from "vitest";
import { call, postBatch } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { connectionOf } from "../harness/running-fleet.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { upgradeStatus } from "../harness/upgrade-status.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack({ env: { OCPP_UPGRADE_FAILURE_LIMIT: "1000000" } });
});
afterAll(() => stack.stop());

/** The engine takes connections and answers nothing. */
async function whileEngineHangs(work: () => Promise<void>): Promise<void> {
  const { pid } = stack.part("engine");
  process.kill(pid, "SIGSTOP");
  try {
    await work();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

const status = (identity: string) => upgradeStatus(stack.url, stack.organizationSlug, identity);

test.each(["/ocpp/chargers/{id}", "/api/v1/chargers/{identity}"])(
  "DELETE %s ends the charger's socket, logins and commands though the engine hangs",
  async (path) => {
    const door = await newDoor(stack, `GONE-${path.length}`);
    const station = await RawStation.booted(door);
    const [{ id } = { id: "" }] = await openSql(stack.address("sql"))(
      "SELECT id::text FROM chargers WHERE identity = $1 AND deleted_at IS NULL",
      [door.identity],
    );
    await whileEngineHangs(async () => {
      const at = path.replace("{id}", String(id)).replace("{identity}", door.identity);
      expect((await call(stack, "DELETE", at)).status).toBe(200);
      expect(await station.untilClosed()).toBe(4004);
      expect(await status(door.identity)).toBe(404);
      await expect(RawStation.connect(door)).rejects.toThrow("404");
      const trigger = `/api/v1/chargers/${door.identity}/trigger`;
      expect((await call(stack, "POST", trigger, { requestedMessage: "Heartbeat" })).status).toBe(404);
    });
  },
);

test("bulk DELETE ends simulated and waiting chargers though the engine hangs, and none shows as online", async () => {
  const simulated = await postBatch(stack, { chargers: 40 });
  const { locationId } = simulated;
  const waiting = await postBatch(stack, { chargers: 40, runtime: "external", locationId });
  const jobs = [await simulated.finished(), await waiting.finished()];
  const chargers = jobs.flatMap(({ results }) => results?.created ?? []);
  expect(chargers).toHaveLength(80);
  const [first] = chargers;
  await waitFor("a station on line", async () => first && (await connectionOf(stack, first)).isOnline);
  await whileEngineHangs(async () => {
    const ids = chargers.map(({ id }) => id);
    const path = `/ocpp/locations/${locationId}/chargers`;
    const { body } = await call(stack, "DELETE", path, { charger_ids: ids });
    expect(body).toEqual({ deleted: ids, failed: [] });
    for (const { identity } of chargers)
      await waitFor(`${identity} unknown`, async () => (await status(identity)) === 404);
  });
  const online = `SELECT count(*)::int AS n FROM charger_connections s JOIN chargers c ON c.id = s.charger_id
    WHERE s.online AND c.deleted_at IS NOT NULL`;
  await waitFor("no deleted charger on line", async () => {
    const [row] = await openSql(stack.address("sql"))(online, []);
    return row?.["n"] === 0;
  });
});

test("a charger whose row was deleted by SQL is refused within seconds", async () => {
  const door = await newDoor(stack, "UNSEEN-1");
  await RawStation.booted(door);
  await openSql(stack.address("sql"))("UPDATE chargers SET deleted_at = now() WHERE identity = $1", [
    door.identity,
  ]);
  const again = await RawStation.connect(door);
  expect(await again.untilClosed()).toBe(4004);
  expect(await status(door.identity)).toBe(404);
});
