import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "../database-double.ts";
import { provisioned, StationDouble, upgrade, upgradeRequest, type Charger } from "../station-double.ts";

const SERIAL = "SN-4711";

beforeEach(() => {
  new DatabaseDouble();
});

/** As the edge tells the session of a certificate. */
function askWith(charger: Charger, certificate: Record<string, string>): Promise<Response> {
  const tlsClientAuth = { certPresented: "1", certRevoked: "0", certVerified: "SUCCESS", ...certificate };
  const request = upgradeRequest(charger, { authorization: null });
  return charger.stub.fetch(new Request(request, { cf: { tlsClientAuth } }));
}

const certifiedCharger = () => provisioned({ securityProfile: 3, authorizationKey: null });
const named = (name: string) => ({
  certSubjectDN: `CN=${name}, O=Acme`,
  certSubjectDNRFC2253: `O=Acme,CN=${name}`,
});

async function tellSerial(response: Response): Promise<void> {
  const station = new StationDouble(response.webSocket as WebSocket);
  const boot = { chargePointVendor: "V", chargePointModel: "M", chargePointSerialNumber: SERIAL };
  expect((await station.call("BootNotification", boot))[0]).toBe(3);
}

test("refuses profile 3 without a client certificate with 403", async () => {
  expect((await upgrade(await certifiedCharger())).status).toBe(403);
});

test("a verified certificate lets in the charger whose identity it names, and no other", async () => {
  const [charger, other] = [await certifiedCharger(), await certifiedCharger()];
  expect((await askWith(charger, named(charger.ref.identity))).status).toBe(101);
  expect((await askWith(other, named(charger.ref.identity))).status).toBe(403);
});

test("once a station has reported its serial number, a certificate with that name is accepted too", async () => {
  const charger = await certifiedCharger();
  expect((await askWith(charger, named(SERIAL))).status).toBe(403);
  await tellSerial(await askWith(charger, named(charger.ref.identity)));
  expect((await askWith(charger, named(SERIAL))).status).toBe(101);
});

test.each<[what: string, Record<string, string>]>([
  ["one that is not verified", { certVerified: "FAILED:unable to verify the first certificate" }],
  ["a revoked one", { certRevoked: "1" }],
  ["one without a name", { certSubjectDN: "O=Acme", certSubjectDNRFC2253: "O=Acme" }],
])("of certificates that name the charger refuses %s with 403", async (_what, spoilt) => {
  const charger = await certifiedCharger();
  expect((await askWith(charger, { ...named(charger.ref.identity), ...spoilt })).status).toBe(403);
});
