import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { OCPP_VERSIONS } from "../../src/ocpp/version.ts";
import { call, type Access } from "../harness/fleet.ts";
import { chargingWords } from "../harness/ocpp-station/charging-words.ts";
import { ForeignStation } from "../harness/ocpp-station/foreign-station.ts";
import { waitFor } from "../harness/wait-for.ts";
import { newTenant } from "./tenant.ts";
import { world } from "./world.ts";

let access: Access;
beforeAll(async () => {
  const { owner } = await newTenant("external-reservations");
  access = { url: world.url, apiKey: owner };
});

const made = z.looseObject({ id: z.string(), reservationId: z.number() });
const row = z.looseObject({
  id: z.string(),
  status: z.string(),
  transactionId: z.number().optional(),
});
const pages = z.object({ reservations: z.array(row) });
const transactions = z.object({
  transactions: z.array(z.looseObject({ transactionId: z.number(), idTag: z.string(), status: z.string() })),
});

describe.concurrent.each(OCPP_VERSIONS)("a reservation at an external %s charger", (version) => {
  const is16 = version === "ocpp1.6";
  const booted = async (purpose: string, answer = "Accepted") => {
    const name = `${purpose}-${version.replaceAll(".", "")}`;
    const station = await ForeignStation.booted(access, name, version);
    station.react = () => ({ answer: { status: answer } });
    return station;
  };
  const path = ({ identity }: ForeignStation, end = "") => `/api/v1/chargers/${identity}/reservations${end}`;
  const ask = (station: ForeignStation, body: object = {}, query = "") =>
    call(access, "POST", path(station, query), {
      connectorId: 1,
      idTag: "HOLDER",
      groupId: "FLEET",
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      ...body,
    });
  const reserve = async (station: ForeignStation, body?: object) => {
    const answer = await ask(station, body);
    expect([answer.status, answer.body]).toMatchObject([201, { status: "active", ocppStatus: "Accepted" }]);
    return made.parse(answer.body);
  };
  const listed = async (station: ForeignStation) =>
    pages.parse((await call(access, "GET", path(station))).body).reservations;
  /** The only reservation of the station, once it has this status. */
  const only = (station: ForeignStation, status: string) =>
    waitFor(`the reservation of ${station.identity} ${status}`, async () => {
      const [one, ...others] = await listed(station);
      expect(others).toEqual([]);
      return one?.status === status && one;
    });
  const transactionOf = (station: ForeignStation, idTag: string) =>
    waitFor(`a transaction of ${idTag}`, async () => {
      const { body } = await call(access, "GET", `/api/v1/transactions?chargeBoxId=${station.identity}`);
      return transactions.parse(body).transactions.find((each) => each.idTag === idTag);
    });
  const words = (idTag: string) => chargingWords(version, { idTag, ocppId: `at-${idTag}` });

  it("is kept when another tag charges or is refused, and used by the tag that it is for", async ({
    expect,
  }) => {
    const station = await booted("USED");
    const { reservationId } = await reserve(station);
    const { action, payload } = await station.nthCall(0);
    expect([action, payload[is16 ? "reservationId" : "id"]]).toEqual(["ReserveNow", reservationId]);

    station.react = () => ({ answer: { status: "Rejected" } });
    const start = { connectorId: 1, idTag: "OTHER" };
    const refused = await call(access, "POST", `/api/v1/chargers/${station.identity}/remote-start`, start);
    expect([refused.status, refused.body]).toMatchObject([200, { status: "rejected" }]);
    await station.call(...words("OTHER").beginByCard());
    const { transactionId: others } = await transactionOf(station, "OTHER");
    await station.call(...words("OTHER").end(others));
    expect(await only(station, "active")).not.toHaveProperty("transactionId");

    await station.call(...words("HOLDER").beginByCard(reservationId));
    const { transactionId } = await only(station, "used");
    expect(await transactionOf(station, "HOLDER")).toMatchObject({ transactionId, status: "in_progress" });
    // The station says it again after a lost answer.
    await station.call(...words("HOLDER").beginByCard(reservationId));
    expect(await only(station, "used")).toMatchObject({ transactionId });
    expect(station.violations).toEqual([]);
    await station.close();
  });

  it("is used by a tag of its group that names it, and by its own tag without a name", async ({ expect }) => {
    const station = await booted("GROUP");
    const { reservationId } = await reserve(station);
    await station.call(...words("MATE").beginByCard(reservationId));
    const { transactionId } = await only(station, "used");
    expect(await transactionOf(station, "MATE")).toMatchObject({ transactionId });
    await station.close();

    const other = await booted("UNNAMED");
    await reserve(other);
    await other.call(...words("holder").beginByCard());
    const { transactionId: unnamed } = await only(other, "used");
    expect(await transactionOf(other, "holder")).toMatchObject({ transactionId: unnamed });
    await other.close();
  });

  it("is cancelled at the station, or is removed where the station does not hold it", async ({ expect }) => {
    for (const [word, status] of [
      ["Accepted", "cancelled"],
      ["Rejected", "removed"],
    ] as const) {
      const station = await booted(status);
      const { id, reservationId } = await reserve(station);
      station.react = () => ({ answer: { status: word } });
      const cancelled = await call(access, "DELETE", path(station, `/${id}`));
      expect([cancelled.status, cancelled.body]).toMatchObject([200, { id, status, ocppStatus: word }]);
      expect(station.calls[1]).toMatchObject({ action: "CancelReservation", payload: { reservationId } });
      await only(station, status);
      expect(station.violations).toEqual([]);
      await station.close();
    }
  });

  it("expires at its time while the station is away", async () => {
    const station = await booted("EXPIRES");
    await reserve(station, { expiresAt: new Date(Date.now() + 3000).toISOString() });
    await station.close();
    await only(station, "expired");
  });

  it("that the station refuses, by a word or by an error, is answered so and has no row", async ({
    expect,
  }) => {
    const station = await booted("REFUSES");
    for (const word of ["Faulted", "Occupied", "Rejected", "Unavailable"]) {
      station.react = () => ({ answer: { status: word } });
      const refused = await ask(station);
      expect([refused.status, refused.body]).toEqual([
        200,
        { chargeBoxId: station.identity, connectorId: 1, status: word.toLowerCase(), ocppStatus: word },
      ]);
    }
    station.react = () => ({ error: "NotSupported" });
    expect((await ask(station)).body).toMatchObject({ error: { code: "OCPP_ERROR", sent: true } });
    // What follows is told of later: by then a row of a refused reservation would be there too.
    station.react = () => ({ answer: { status: "Accepted" } });
    await reserve(station);
    await only(station, "active");
    await station.close();
  });

  it("that was not answered is used by the start that follows, once", async ({ expect }) => {
    const station = await booted("SILENT");
    station.react = () => "silence";
    const silent = await ask(station, {}, "?timeout=1");
    expect([silent.status, silent.body]).toMatchObject([504, { error: { code: "TIMEOUT", sent: true } }]);
    expect(await listed(station)).toEqual([]);
    await station.call(...words("HOLDER").beginByCard());
    const { transactionId } = await only(station, "used");
    expect(await transactionOf(station, "HOLDER")).toMatchObject({ transactionId });
    await station.close();
  });

  // OCPP 1.6 has no message for it.
  if (!is16)
    it("ends as the station says", async ({ expect }) => {
      const station = await booted("REMOVES");
      const { reservationId } = await reserve(station);
      await station.call("ReservationStatusUpdate", { reservationId, reservationUpdateStatus: "Removed" });
      await only(station, "removed");
      expect(station.violations).toEqual([]);
      await station.close();
    });
});
