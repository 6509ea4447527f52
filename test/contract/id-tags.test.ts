import { beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../harness/openapi/conformance.ts";
import { furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { waitFor } from "../harness/wait-for.ts";
import { send } from "./world.ts";

let tenant: Tenant;
let stranger: Tenant;
let own: Belongings;
let foreign: Belongings;
beforeAll(async () => {
  [tenant, stranger] = [await newTenant("tags"), await newTenant("tags-of-others")];
  [own, foreign] = [await furnish(tenant), await furnish(stranger)];
});

const PATH = "/api/v1/id-tags";

function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return send({ method, path: PATH + path, body, headers: { "x-api-key": tenant.owner, ...headers } });
}

async function created(body: object): Promise<Record<string, unknown> & { id: string }> {
  const answer = await ask("POST", "", body);
  expect(answer.status).toBe(201);
  return answer.body as Record<string, unknown> & { id: string };
}

function expectIssue(answer: Answer, path: unknown[], code: string): void {
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ error: { code: "VALIDATION_ERROR", issues: [{ path, code }] } });
}

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

describe("an id tag", () => {
  it("is created as the documented example shows it, and no field more", async () => {
    const body = { idTag: "RFID001", name: "Fleet Van #3", expiryDate: "2027-01-01T00:00:00.000Z" };
    const answer = await ask("POST", "", body);
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^tag_[0-9A-HJKMNP-TV-Z]{26}$/) as string,
        idTag: "RFID001",
        name: "Fleet Van #3",
        status: "active",
        scope: "all",
        source: "api",
        expiryDate: "2027-01-01T00:00:00.000Z",
        createdAt: TIME,
        updatedAt: TIME,
      },
    ]);
    const { id } = answer.body as { id: string };
    expect(answer.headers.get("location")).toBe(`${PATH}/${id}`);
    expect((await ask("GET", `/${id}`)).body).toEqual({ ...Object(answer.body), chargeBoxIds: [] });
  });

  it("may have a group, a type and chargers of its own", async () => {
    const body = {
      idTag: "DE*ABC-C12345678-X",
      type: "eMAID",
      groupId: "FLEET",
      chargeBoxIds: [own.identity],
    };
    const tag = await created(body);
    expect(tag).toMatchObject({
      scope: "chargers",
      groupId: "FLEET",
      type: "eMAID",
      expiryDate: null,
      name: null,
    });
    expect((await ask("GET", `/${tag.id}`)).body).toMatchObject({ chargeBoxIds: [own.identity] });
  });

  it.each(["PATCH", "PUT"])("is changed by %s: what is left out stays, and null clears", async (method) => {
    const tag = await created({
      idTag: `CH-${method}`,
      name: "N",
      groupId: "G",
      chargeBoxIds: [own.identity],
    });
    const expiryDate = "2027-06-01T02:00:00+02:00";
    const changed = await ask(method, `/${tag.id}`, { status: "blocked", expiryDate, groupId: null });
    expect(changed.status).toBe(200);
    const { groupId: _, ...kept } = tag;
    expect(changed.body).toEqual({
      ...kept,
      status: "blocked",
      expiryDate: "2027-06-01T00:00:00.000Z",
      updatedAt: TIME,
    });
    const again = await ask(method, `/${tag.id}`, { chargeBoxIds: [], expiryDate: null });
    expect(again.body).toMatchObject({ scope: "all", expiryDate: null, status: "blocked", name: "N" });
  });

  it("is deleted with the documented words, and is unknown then", async () => {
    const { id } = await created({ idTag: "GONE" });
    const deleted = await ask("DELETE", `/${id}`);
    expect([deleted.status, deleted.body]).toEqual([200, { message: "Id Tag deleted successfully", id }]);
    for (const [method, body] of [["GET"], ["PATCH", {}], ["PUT", {}], ["DELETE"]] as const) {
      const answer = await ask(method, `/${id}`, body);
      const error = { code: "NOT_FOUND", message: `Id Tag ${id} not found` };
      expect([answer.status, answer.body]).toEqual([404, { success: false, error }]);
    }
    expect((await ask("POST", "", { idTag: "GONE" })).status).toBe(201);
  });

  it("is created once under one Idempotency-Key", async () => {
    const headers = { "idempotency-key": "tag-1" };
    const first = await ask("POST", "", { idTag: "KEYED" }, headers);
    const second = await ask("POST", "", { idTag: "KEYED" }, headers);
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect((await ask("POST", "", { idTag: "OTHER" }, headers)).status).toBe(422);
  });
});

describe("a list of id tags", () => {
  it("pages by limit and offset, and on by cursor, newest first, of one status or all", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await created({ idTag: `PAGE-${n}` })).id);
    await ask("PATCH", `/${ids[1]}`, { status: "blocked" });
    const idsOf = ({ body }: Answer) =>
      (body as { idTags: Array<{ id: string }> }).idTags.map(({ id }) => id);
    const first = await ask("GET", "?limit=2&offset=0");
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    const { pagination, next } = first.body as { pagination: { total: number }; next: string };
    expect(pagination).toEqual({ total: pagination.total, limit: 2, offset: 0 });
    expect(pagination.total).toBeGreaterThanOrEqual(5);
    const second = await ask("GET", `?limit=2&after=${next}`);
    expect(idsOf(second)).toEqual(ids.slice(2, 4));
    expect(second.body).not.toHaveProperty("pagination");
    const blocked = await ask("GET", "?status=blocked&limit=1");
    expect(idsOf(blocked)).toEqual([ids[1]]);
    expect(idsOf(await ask("GET", "?status=active&limit=2"))).toEqual([ids[0], ids[2]]);
  });

  it.each(["?limit=0", "?limit=201", "?offset=-1", "?status=expired", "?after=nothing"])(
    "refuses %s",
    async (query) => {
      expect((await ask("GET", query)).status).toBe(400);
    },
  );
});

describe("what is no id tag", () => {
  it.each([
    ["without a name", {}, ["idTag"], "required"],
    ["of no character", { idTag: "" }, ["idTag"], "too_small"],
    ["of 21 characters", { idTag: "A".repeat(21) }, ["idTag"], "too_big"],
    ["with a space", { idTag: "A B" }, ["idTag"], "invalid_format"],
    ["that is a number", { idTag: 5 }, ["idTag"], "invalid_type"],
    ["of remote starts", { idTag: "Capacitor" }, ["idTag"], "reserved"],
    ["with a status", { idTag: "A", status: "active" }, ["status"], "unrecognized_key"],
    ["with a misspelt field", { idTag: "A", expiryDat: null }, ["expiryDat"], "unrecognized_key"],
    ["with a day for a time", { idTag: "A", expiryDate: "2027-01-01" }, ["expiryDate"], "invalid_format"],
    ["of the year 0", { idTag: "A", expiryDate: "0000-01-01T00:00:00Z" }, ["expiryDate"], "invalid_value"],
    [
      "of the year 10000",
      { idTag: "A", expiryDate: "9999-12-31T23:59:59-01:00" },
      ["expiryDate"],
      "invalid_value",
    ],
    ["with a long group", { idTag: "A", groupId: "G".repeat(37) }, ["groupId"], "too_big"],
    [
      "with a charger that is no identity",
      { idTag: "A", chargeBoxIds: ["a b"] },
      ["chargeBoxIds", 0],
      "invalid_format",
    ],
  ])("is refused by the name of its field: %s", async (_name, body, path, code) => {
    expectIssue(await ask("POST", "", body), path, code);
  });

  it("may be longer for 2.x, but not where a charger that speaks 1.6 is named", async () => {
    const long = { idTag: "DE*ABC*E-LONG-TOKEN-OF-2X", type: "eMAID" };
    const tag = await created(long);
    const body = { ...long, idTag: `${long.idTag}-2`, chargeBoxIds: [own.identity] };
    expectIssue(await ask("POST", "", body), ["idTag"], "too_big");
    expectIssue(
      await ask("PATCH", `/${tag.id}`, { chargeBoxIds: [own.identity] }),
      ["chargeBoxIds"],
      "too_big",
    );
  });

  it("exists already, in whatever case: 409", async () => {
    await created({ idTag: "Twice" });
    const answer = await ask("POST", "", { idTag: "TWICE" });
    const error = { code: "CONFLICT", message: "Id Tag TWICE already exists" };
    expect([answer.status, answer.body]).toEqual([409, { success: false, error }]);
  });

  it("names a charger that this organisation does not have: 404, and nothing is stored", async () => {
    for (const chargeBoxId of ["NOBODY-1", foreign.externalIdentity]) {
      const answer = await ask("POST", "", { idTag: "SCOPED", chargeBoxIds: [own.identity, chargeBoxId] });
      expect([answer.status, answer.body]).toMatchObject([
        404,
        { error: { message: `Charger ${chargeBoxId} not found` } },
      ]);
      const changed = await ask("PATCH", `/${own.idTagId}`, { chargeBoxIds: [chargeBoxId] });
      expect(changed.status).toBe(404);
    }
    expect((await ask("GET", `/${own.idTagId}`)).body).toMatchObject({ scope: "all" });
    expect((await ask("POST", "", { idTag: "SCOPED" })).status).toBe(201);
  });

  it("belongs to another organisation: 404", async () => {
    for (const [method, body] of [["GET"], ["PATCH", { name: "X" }], ["PUT", {}], ["DELETE"]] as const)
      expect((await ask(method, `/${foreign.idTagId}`, body)).status).toBe(404);
    expect((await ask("PATCH", "/tag_abc123", { name: "X" })).status).toBe(404);
  });

  it("cannot be renamed", async () => {
    expectIssue(await ask("PATCH", `/${own.idTagId}`, { idTag: "NEW" }), ["idTag"], "unrecognized_key");
  });

  it("cannot be written with a key for reading", async () => {
    const headers = { "x-api-key": tenant.viewer };
    expect((await ask("POST", "", { idTag: "V" }, headers)).status).toBe(403);
    expect((await ask("GET", "", undefined, headers)).status).toBe(200);
  });
});

describe("an import", () => {
  const done = async (statusUrl: string) =>
    waitFor("a job that is done", async () => {
      const { body } = await send({ method: "GET", path: statusUrl, headers: { "x-api-key": tenant.owner } });
      return (body as { status: string }).status === "done" ? body : null;
    });

  it("takes 10,000 tags, answers 202 with the URL to poll, and tells of every failure by its place", async () => {
    await created({ idTag: "IMPORTED-4711" });
    const idTags: object[] = Array.from({ length: 10_000 }, (_, n) => ({ idTag: `IMPORTED-${n}` }));
    idTags[17] = { idTag: "IMPORTED-17", chargeBoxIds: ["NOBODY"] };
    const answer = await ask("POST", "/import", { idTags }, { "idempotency-key": "import-1" });
    const { jobId, statusUrl } = answer.body as { jobId: string; statusUrl: string };
    expect([answer.status, answer.body]).toEqual([
      202,
      { jobId, status: "pending", statusUrl: `/api/v1/id-tag-jobs/${jobId}` },
    ]);
    expect([answer.headers.get("location"), answer.headers.get("retry-after")]).toEqual([statusUrl, "1"]);
    const again = await ask("POST", "/import", { idTags }, { "idempotency-key": "import-1" });
    expect([again.status, again.body]).toEqual([202, answer.body]);
    expect(await done(statusUrl)).toEqual({
      jobId,
      type: "import",
      status: "done",
      progress: { total: 10_000, done: 9_998, failed: 2, pending: 0 },
      failures: [
        {
          index: 17,
          idTag: "IMPORTED-17",
          error: { code: "CHARGER_NOT_FOUND", message: "Charger NOBODY not found" },
        },
        {
          index: 4711,
          idTag: "IMPORTED-4711",
          error: { code: "ID_TAG_EXISTS", message: "Id Tag IMPORTED-4711 already exists" },
        },
      ],
      createdAt: TIME,
      finishedAt: TIME,
    });
    const job = { method: "GET", path: statusUrl, headers: { "x-api-key": stranger.owner } };
    expect((await send(job)).status).toBe(404);
  });

  it.each([
    ["no tag", { idTags: [] }, ["idTags"], "too_small"],
    ["a tag without a name", { idTags: [{ idTag: "A" }, {}] }, ["idTags", 1, "idTag"], "required"],
    [
      "a status that is none",
      { idTags: [{ idTag: "A", status: "lost" }] },
      ["idTags", 0, "status"],
      "invalid_value",
    ],
    ["a tag of 21 characters", { idTags: [{ idTag: "A".repeat(21) }] }, ["idTags", 0, "idTag"], "too_big"],
  ])("of %s is refused as a whole", async (_name, body, path, code) => {
    expectIssue(await ask("POST", "/import", body), path, code);
  });

  it("of 10,001 tags is refused", async () => {
    const idTags = Array.from({ length: 10_001 }, (_, n) => ({ idTag: `X-${n}` }));
    expectIssue(await ask("POST", "/import", { idTags }), ["idTags"], "too_big");
  });
});

describe("an erasure", () => {
  it("answers 202 with the URL to poll, deletes the tag at once, and ends", async () => {
    const { id } = await created({ idTag: "ERASE-ME" });
    const answer = await ask("DELETE", `/${id}?erase=true`);
    const { jobId, statusUrl } = answer.body as { jobId: string; statusUrl: string };
    expect([answer.status, answer.body]).toEqual([
      202,
      { jobId, status: "pending", statusUrl: `/api/v1/id-tag-jobs/${jobId}` },
    ]);
    expect((await ask("GET", `/${id}`)).status).toBe(404);
    const job = await waitFor("the end of the erasure", async () => {
      const { body } = await send({ method: "GET", path: statusUrl, headers: { "x-api-key": tenant.owner } });
      return (body as { status: string }).status === "done" ? body : null;
    });
    expect(job).toMatchObject({ type: "erase", failures: [], progress: { failed: 0, pending: 0 } });
    // A client that lost the answer asks again.
    expect((await ask("DELETE", `/${id}?erase=true`)).body).toEqual(answer.body);
    expect((await ask("DELETE", `/${id}`)).status).toBe(404);
  });

  it("is refused for a tag of another organisation, and in other words than true and false", async () => {
    expect((await ask("DELETE", `/${foreign.idTagId}?erase=true`)).status).toBe(404);
    expect((await ask("DELETE", `/${own.idTagId}?erase=yes`)).status).toBe(400);
    expect((await ask("GET", `/${own.idTagId}`)).status).toBe(200);
  });
});

describe("the settings of an organisation", () => {
  const at = "/api/v1/organization";
  const settings = (method: string, body?: unknown) =>
    send({ method, path: at, body, headers: { "x-api-key": tenant.owner } });

  it("are shown and changed with every documented field; new organisations refuse unknown tags", async () => {
    const shown = await settings("GET");
    expect(shown.body).toMatchObject({
      name: "tags",
      acceptUnknownIdTags: false,
      transferHosts: null,
      wsUrlHosts: null,
      allowUnauthenticatedChargers: true,
      chargerLimit: expect.any(Number) as number,
      openJobLimit: expect.any(Number) as number,
      rateLimit: expect.any(Number) as number,
    });
    const changes = { allowUnauthenticatedChargers: false, masterPassGroupId: "POLICE", tagCacheSeconds: 60 };
    expect((await settings("PATCH", changes)).body).toEqual({ ...Object(shown.body), ...changes });
    for (const field of ["slug", "chargerLimit", "openJobLimit", "rateLimit"])
      expect((await settings("PATCH", { [field]: 1 })).status).toBe(400);
  });

  it("forbid chargers without a credential where they say so", async () => {
    await settings("PATCH", { allowUnauthenticatedChargers: false });
    const body = { chargeBoxId: "OPEN-1", securityProfile: 0 };
    const headers = { "x-api-key": tenant.owner };
    const refused = await send({ method: "POST", path: "/api/v1/chargers", body, headers });
    expectIssue(refused, ["securityProfile"], "custom");
    await settings("PATCH", { allowUnauthenticatedChargers: true });
    const allowed = await send({ method: "POST", path: "/api/v1/chargers", body, headers });
    expect(allowed.status).toBe(201);
  });
});
