import { expect, test } from "vitest";
import { OFFER_HEADER, TRANSPORT_HEADER, type HostOffer } from "../../../../src/session-address.ts";
import { eventually } from "../host/test-station.ts";
import {
  basic,
  inObject,
  KEY,
  newCharger,
  provisioned,
  provisionInput,
  StationDouble,
  storedFrames,
  upgradeRequest,
  type Charger,
} from "./station-double.ts";

const DIRECT = { [TRANSPORT_HEADER]: "direct" };

/** An upgrade as the Worker, or a host, hands it to the object. */
function upgradeAt(charger: Charger, headers: Record<string, string>, key = KEY): Promise<Response> {
  const authorization = basic(charger.ref.identity, key);
  return charger.stub.fetch(upgradeRequest(charger, { headers, authorization }));
}

async function connected(charger: Charger, headers: Record<string, string>): Promise<StationDouble> {
  const { webSocket } = await upgradeAt(charger, headers);
  if (!webSocket) throw new TypeError("The upgrade was refused");
  return new StationDouble(webSocket);
}

/** How many frames of one turn are in the table at its end. */
async function storedInTurn(charger: Charger): Promise<number> {
  const frame = { direction: "cp_to_csms", action: "Heartbeat", message: "[]", atMs: Date.now() } as const;
  return inObject(charger, async (instance, { storage }) => {
    const count = () => storage.sql.exec<{ n: number }>("SELECT sum(frames) AS n FROM frame_blocks").one().n;
    const before = count();
    instance.appendFrames(charger.ref, [frame]);
    await Promise.resolve();
    return count() - before;
  });
}

test("a refused upgrade of a host does not delay what an open line of another station stores", async () => {
  const charger = await provisioned();
  await (await connected(charger, {})).boot();
  expect((await upgradeAt(charger, DIRECT, "a wrong key of some length")).status).toBe(401);
  expect(await storedInTurn(charger)).toBe(1);
});

test("a refused upgrade from outside does not make an open line of our own station store each turn", async () => {
  const charger = await provisioned();
  await (await connected(charger, DIRECT)).boot();
  await eventually(
    () => storedFrames(charger),
    (frames) => frames === 2,
  );
  expect((await upgradeAt(charger, {}, "a wrong key of some length")).status).toBe(401);
  expect(await storedInTurn(charger)).toBe(0);
});

test("a refused upgrade does not make a session write the facts that the host of its station writes", async () => {
  const charger = newCharger();
  const boot = {
    type: "boot",
    vendor: "V1",
    model: "M1",
    serialNumber: null,
    firmwareVersion: "1.0",
    registrationStatus: "Accepted",
  } as const;
  const connection = { type: "connection", online: true, ocppVersion: "ocpp1.6" } as const;
  const offer: HostOffer = { ref: charger.ref, input: provisionInput(charger), facts: [connection, boot] };
  const station = await connected(charger, { ...DIRECT, [OFFER_HEADER]: JSON.stringify(offer) });
  expect((await upgradeAt(charger, {}, "a wrong key of some length")).status).toBe(401);
  await station.boot();
  const record = await eventually(
    () => inObject(charger, (_instance, { storage }) => storage.kv.get<{ factSeq: number }>("record")),
    (each) => each !== undefined,
  );
  expect(record).toMatchObject({ registration: "Accepted", factSeq: 0 });
});
