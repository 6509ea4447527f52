import { expect, test } from "vitest";
import { expectNoTrace, onlineCount } from "../harness/auditor.ts";
import { call } from "../harness/fleet.ts";
import { BULK, BULK_DEADLINE_MS, readyFleet, stackForEachTest } from "../harness/running-fleet.ts";
import { upgradeStatus } from "../harness/upgrade-status.ts";
import { waitFor } from "../harness/wait-for.ts";

const own = stackForEachTest();

test.each([
  ["without disturbance", false],
  ["with a kill -9 of the Worker in the middle", true],
])(
  `deleting ${BULK} running chargers %s leaves no record, socket, credential or runtime behind`,
  async (_, isKilled) => {
    const stack = own.running;
    const { batch, stations } = await readyFleet(stack, BULK);
    const path = `/ocpp/locations/${batch.locationId}/chargers`;
    const ids = stations.map(({ id }) => id);
    const { status, body } = await call(stack, "DELETE", path, { charger_ids: ids });
    expect([status, body]).toEqual([200, { deleted: ids, failed: [] }]);
    if (isKilled) {
      await waitFor("the first station gone", async () => (await onlineCount(stack)) < BULK);
      await stack.replacePart("worker");
    }
    expect(await onlineCount(stack)).toBe(0);
    for (const { id } of stations.slice(0, 20))
      expect((await call(stack, "GET", `/ocpp/chargers/${id}/logs`)).status).toBe(404);
    for (const { identity } of stations)
      await waitFor(
        `no session for ${identity}`,
        async () => (await upgradeStatus(stack.url, stack.organizationSlug, identity)) === 404,
        BULK_DEADLINE_MS,
      );
    expect((await call(stack, "GET", path)).body).toMatchObject({ data: [], total: 0 });
    expect((await call(stack, "DELETE", `/ocpp/locations/${batch.locationId}`)).status).toBe(200);
    expect((await batch.read()).results?.created).toHaveLength(BULK);
    await stack.stop();
    expectNoTrace(stack.dataDirectory);
  },
);
