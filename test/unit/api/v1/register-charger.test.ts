import { describe, expect, it } from "vitest";
import { Unavailable } from "../../../../src/errors.ts";
import { bodyOf, createWorld, post } from "../access-world.ts";
import { credentialOf } from "../fake-ports.ts";

const PATH = "/api/v1/chargers";

describe("registering a charger", () => {
  it("returns its address and its key, which only the session gets", async () => {
    const world = createWorld();
    const body = { chargeBoxId: "CP|1", name: "Office", location: "Spot 12" };
    const response = await world.request(PATH, post(await world.apiKey("owner"), body));
    const answer = await bodyOf(response);
    const url = "wss://busbar.test/ocpp/acme/CP%7C1";
    expect([response.status, answer]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        chargeBoxId: "CP|1",
        name: "Office",
        location: "Spot 12",
        status: "offline",
        isOnline: false,
        registeredAt: "2026-02-06T12:00:00.000Z",
        connectionUrl: url,
        securityProfile: 2,
        authorizationKey: expect.stringMatching(/^[0-9a-f]{40}$/),
        instructions: {
          message: "Configure your charger to connect to the WebSocket URL below",
          url,
          baseUrl: "wss://busbar.test/ocpp/acme",
          username: "CP|1",
          protocol: "ocpp1.6",
          protocols: ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"],
        },
      },
    ]);
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    // The object comes to be when the station connects: creating it costs more than the whole registration.
    expect(world.sessions.provisioned).toEqual([]);
    expect(world.sessions.prepared).toMatchObject([
      {
        ref: { organizationSlug: "acme", identity: "CP|1", chargerId: answer.id },
        input: {
          organizationId: world.organization.id,
          securityProfile: 2,
          authorizationKey: null,
          credential: credentialOf(String(answer.authorizationKey)),
        },
      },
    ]);
    expect(world.logLines.join("\n")).not.toContain(answer.authorizationKey);
  });

  it.each([
    [0, false],
    [1, true],
    [2, true],
    [3, false],
  ])("security profile %i has a key: %s", async (securityProfile, hasKey) => {
    const world = createWorld({ OCPP_CLIENT_CERTIFICATES: "true" });
    const init = post(await world.apiKey("owner"), { chargeBoxId: "CP-1", securityProfile });
    const answer = await bodyOf(await world.request(PATH, init));
    expect(["authorizationKey" in answer, answer.securityProfile]).toEqual([hasKey, securityProfile]);
    expect(world.sessions.prepared[0]?.input.credential === null).toBe(!hasKey);
  });

  it("offers a charger of security profile 0 only the OCPP version that allows it", async () => {
    const world = createWorld();
    const init = post(await world.apiKey("owner"), { chargeBoxId: "CP-1", securityProfile: 0 });
    const answer = await bodyOf(await world.request(PATH, init));
    expect(answer.instructions).toMatchObject({ protocols: ["ocpp1.6"] });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["profile 3 without client certificates", { securityProfile: 3 }, "securityProfile"],
    ["an unknown profile", { securityProfile: 4 }, "securityProfile"],
    ["a profile in words", { securityProfile: "2" }, "securityProfile"],
    ["an identity with a colon", { chargeBoxId: "a:b" }, "chargeBoxId"],
    ["an identity of dots", { chargeBoxId: ".." }, "chargeBoxId"],
    ["an identity of 49 characters", { chargeBoxId: "a".repeat(49) }, "chargeBoxId"],
    ["an empty name", { name: "" }, "name"],
    ["a name with control characters", { name: "a\r\nb" }, "name"],
    ["a name with half a character", { name: "a\ud800" }, "name"],
    ["a status of the caller's choice", { status: "online" }, "status"],
    ["an id of the caller's choice", { id: crypto.randomUUID() }, "id"],
  ])("refuses %s", async (_title, changes, field) => {
    const world = createWorld();
    const response = await world.request(
      PATH,
      post(await world.apiKey("owner"), { chargeBoxId: "CP-1", ...changes }),
    );
    const { error } = await bodyOf(response);
    expect([response.status, error.issues[0]?.path]).toEqual([400, [field]]);
    expect(world.sessions.prepared).toEqual([]);
  });

  it("refuses an identity that exists, without touching its session", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    await world.request(PATH, post(key, { chargeBoxId: "CP-1" }));
    const response = await world.request(PATH, post(key, { chargeBoxId: "CP-1" }));
    expect([response.status, (await bodyOf(response)).error]).toEqual([
      409,
      { code: "CONFLICT", message: "Charger CP-1 already exists" },
    ]);
    expect(world.sessions.prepared).toHaveLength(1);
  });

  it("replays a repeat without the secret and refuses the key for another body", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    const send = (body: unknown) => world.request(PATH, post(key, body, { "idempotency-key": "once" }));
    const first = await bodyOf(await send({ chargeBoxId: "CP-1" }));
    const repeat = await send({ chargeBoxId: "CP-1" });
    const { authorizationKey, ...rest } = first;
    expect([repeat.status, repeat.headers.get("idempotency-replayed"), await bodyOf(repeat)]).toEqual([
      201,
      "true",
      rest,
    ]);
    expect(authorizationKey).toBeDefined();
    const other = await send({ chargeBoxId: "CP-2" });
    expect([other.status, (await bodyOf(other)).error.code]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
    expect(world.sessions.prepared).toHaveLength(1);
  });

  it("refuses an Idempotency-Key that is too long", async () => {
    const world = createWorld();
    const init = post(
      await world.apiKey("owner"),
      { chargeBoxId: "CP-1" },
      { "idempotency-key": "k".repeat(256) },
    );
    const response = await world.request(PATH, init);
    expect([response.status, (await bodyOf(response)).error.issues[0]?.location]).toEqual([400, "header"]);
  });

  it.each(["viewer", "operator"] as const)("is refused to role %s", async (role) => {
    const world = createWorld();
    const response = await world.request(PATH, post(await world.apiKey(role), { chargeBoxId: "CP-1" }));
    expect(response.status).toBe(403);
  });

  it("tries an unreachable session again, and answers 503 while it stays unreachable", async () => {
    const world = createWorld();
    let tries = 0;
    world.ports.sessions.prepare = async () => {
      if (++tries < 3) throw new Error("object reset");
    };
    const key = await world.apiKey("owner");
    expect((await world.request(PATH, post(key, { chargeBoxId: "CP-1" }))).status).toBe(201);
    world.ports.sessions.prepare = () => Promise.reject(new Error("object overloaded"));
    const response = await world.request(PATH, post(key, { chargeBoxId: "CP-2" }));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  });

  it("stores nothing of a charger whose session cannot be reached, so that a repeat with the same key registers it", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    const { prepare } = world.ports.sessions;
    world.ports.sessions.prepare = () => Promise.reject(new Error("object overloaded"));
    const init = post(key, { chargeBoxId: "CP-1" });
    const again = { ...init, headers: { ...init.headers, "idempotency-key": "k" } };
    const refused = await world.request(PATH, again);
    expect([refused.status, (await bodyOf(refused)).error.message]).toEqual([
      503,
      "Service temporarily unavailable",
    ]);
    const shown = await world.request(`${PATH}/CP-1`, { headers: { "x-api-key": key } });
    expect(shown.status).toBe(404);
    world.ports.sessions.prepare = prepare;
    const answer = await bodyOf(await world.request(PATH, again));
    expect(answer.authorizationKey).toMatch(/^[0-9a-f]{40}$/);
  });

  it("answers 503 and says that the charger is registered without a key when its registration cannot be undone", async () => {
    const world = createWorld();
    world.ports.sessions.prepare = () => Promise.reject(new Error("object overloaded"));
    world.ports.chargers.unregister = () => Promise.reject(new Unavailable("database away"));
    const response = await world.request(PATH, post(await world.apiKey("owner"), { chargeBoxId: "CP-1" }));
    expect([response.status, (await bodyOf(response)).error.message]).toEqual([
      503,
      "Service temporarily unavailable. The charger is registered, but has no authorization key yet: rotate it to get one",
    ]);
  });
});

describe("rotating an authorization key", () => {
  const rotate = "/api/v1/chargers/CP-1/authorization-key";

  it("provisions a charger whose session was never created", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    const { id } = await bodyOf(await world.request(PATH, post(key, { chargeBoxId: "CP-1" })));
    const response = await world.request(rotate, post(key, ""));
    const answer = await bodyOf(response);
    expect([response.status, answer.status]).toEqual([200, "stored"]);
    expect(world.sessions.provisioned[0]?.input).toMatchObject({
      chargerId: id,
      credential: credentialOf(String(answer.authorizationKey)),
    });
  });

  it("is 404 for an unknown charger", async () => {
    const world = createWorld();
    const response = await world.request(rotate, post(await world.apiKey("owner"), ""));
    expect([response.status, (await bodyOf(response)).error.message]).toEqual([
      404,
      "Charger CP-1 not found",
    ]);
  });
});

describe("reading chargers", () => {
  it("lists one page of the organisation's own", async () => {
    const world = createWorld();
    const [key, foreign] = [await world.apiKey("owner"), await world.apiKey("owner", world.other)];
    for (const chargeBoxId of ["CP-1", "CP-2"]) await world.request(PATH, post(key, { chargeBoxId }));
    await world.request(PATH, post(foreign, { chargeBoxId: "CP-3" }));
    const response = await world.request(`${PATH}?limit=1&status=offline`, { headers: { "x-api-key": key } });
    const { chargers, pagination } = await bodyOf(response);
    expect([chargers.length, chargers[0]?.chargeBoxId, pagination]).toEqual([
      1,
      "CP-1",
      { total: 2, limit: 1, offset: 0 },
    ]);
    expect(JSON.stringify(chargers)).not.toContain("authorizationKey");
  });

  it.each(["limit=0", "limit=201", "limit=x", "offset=-1", "status=sleeping"])(
    "refuses %s",
    async (query) => {
      const world = createWorld();
      const response = await world.request(`${PATH}?${query}`, {
        headers: { "x-api-key": await world.apiKey("viewer") },
      });
      expect(response.status).toBe(400);
    },
  );

  it("shows the charger's row in Postgres when its session cannot be reached", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    await world.request(PATH, post(key, { chargeBoxId: "CP-1" }));
    world.ports.sessions.snapshot = () => Promise.reject(new Error("unreachable"));
    const response = await world.request(`${PATH}/CP-1`, { headers: { "x-api-key": key } });
    expect([response.status, await bodyOf(response)]).toMatchObject([
      200,
      {
        chargeBoxId: "CP-1",
        isOnline: false,
        connectors: [],
        connectionUrl: "wss://busbar.test/ocpp/acme/CP-1",
      },
    ]);
  });

  it("shows until when a charger is quarantined, and leaves the field out otherwise", async () => {
    const world = createWorld();
    const key = await world.apiKey("owner");
    await world.request(PATH, post(key, { chargeBoxId: "CP-1" }));
    const shown = async (quarantinedUntilMs: number | null) => {
      world.ports.sessions.snapshot = async () =>
        ({ connectors: [], lastMessageAtMs: null, quarantinedUntilMs }) as never;
      return bodyOf(await world.request(`${PATH}/CP-1`, { headers: { "x-api-key": key } }));
    };
    expect(await shown(Date.UTC(2026, 10, 28, 13))).toMatchObject({
      quarantinedUntil: "2026-11-28T13:00:00.000Z",
    });
    expect(await shown(null)).not.toHaveProperty("quarantinedUntil");
  });

  it("hides another organisation's charger", async () => {
    const world = createWorld();
    await world.request(PATH, post(await world.apiKey("owner", world.other), { chargeBoxId: "CP-1" }));
    const response = await world.request(`${PATH}/CP-1`, {
      headers: { "x-api-key": await world.apiKey("owner") },
    });
    expect([response.status, (await bodyOf(response)).error.message]).toEqual([
      404,
      "Charger CP-1 not found",
    ]);
  });
});
