import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { apiClient } from "../../../../dev/demo/api-client.ts";
import { fleetRequest } from "../../../../dev/demo/fleet-request.ts";
import { provisionFleet } from "../../../../dev/demo/provision-fleet.ts";
import { median, timeCommands } from "../../../../dev/demo/time-commands.ts";

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

let server: Server | undefined;
afterEach(() => server?.close());

/** An API that gives the listed answers in turn; `seen` collects method, path and time of each request. */
async function scriptedApi(answers: Answer[]) {
  const seen: { request: string; at: number; headers: NodeJS.Dict<string | string[]> }[] = [];
  server = createServer((req, res) => {
    seen.push({ request: `${req.method} ${req.url}`, at: performance.now(), headers: req.headers });
    const answer = answers.shift() ?? { status: 500, body: { detail: "script is over" } };
    req.resume().on("end", () => {
      res.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return { api: apiClient(`http://127.0.0.1:${port}`, "key"), seen };
}

const accepted: Answer[] = [
  { status: 201, body: { id: "place" } },
  { status: 202, body: { job_id: "job", status_url: "/poll" } },
];
const progress = (created: number, failed: number, pending: number) => ({
  total: 2,
  created,
  failed,
  pending,
});
const running = (created: number): Answer => ({
  status: 200,
  headers: { "retry-after": "1" },
  body: {
    status: "PROVISIONING",
    progress: progress(created, 0, 2 - created),
    error: null,
    results: null,
    provisioned_at: null,
  },
});

it("polls no sooner than Retry-After says, and tells the progress of every poll", async () => {
  const done = {
    status: "READY",
    progress: progress(1, 1, 0),
    error: null,
    results: {
      created: [{ id: "1", identity: "A" }],
      failed: [{ identity: "B", error: { code: "BOOT_TIMEOUT", message: "no boot" } }],
    },
    provisioned_at: new Date(Date.now() + 2_000).toISOString(),
  };
  const { api, seen } = await scriptedApi([...accepted, running(0), { status: 200, body: done }]);
  const told: number[] = [];
  const fleet = await provisionFleet(api, 2, "simulated", ({ pending }) => told.push(pending));
  expect(fleet).toMatchObject({
    jobId: "job",
    identities: ["A"],
    failed: 1,
    firstFailure: "B: BOOT_TIMEOUT: no boot",
  });
  expect(told).toEqual([2, 0]);
  expect(seen.map((one) => one.request)).toEqual([
    "POST /ocpp/locations",
    "POST /ocpp/locations/place/chargers",
    "GET /poll",
    "GET /poll",
  ]);
  expect((seen[3]?.at ?? 0) - (seen[2]?.at ?? 0)).toBeGreaterThanOrEqual(990);
  expect(seen[1]?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
});

it("counts every charger as failed when the batch itself could not be run", async () => {
  const error = { code: "DISPATCH_FAILED", message: "engine away" };
  const body = { status: "FAILED", progress: progress(0, 2, 0), error, results: null, provisioned_at: null };
  const { api } = await scriptedApi([...accepted, { status: 200, body }]);
  const fleet = await provisionFleet(api, 2, "external", () => {});
  expect(fleet).toMatchObject({ identities: [], failed: 2, firstFailure: "DISPATCH_FAILED: engine away" });
});

it("shows request, status and body of an unexpected answer", async () => {
  const { api } = await scriptedApi([{ status: 503, body: { detail: "Service unavailable" } }]);
  await expect(provisionFleet(api, 2, "external", () => {})).rejects.toThrow(
    'POST /ocpp/locations answered 503: {"detail":"Service unavailable"}',
  );
});

it("a command that is refused does not spoil the times of the others", async () => {
  const { api, seen } = await scriptedApi([
    { status: 200, body: {} },
    { status: 503, body: { success: false } },
    { status: 200, body: {} },
  ]);
  const times = await timeCommands(api, ["A", "B 1", "C"]);
  expect(times).toMatchObject({ sent: 3, answered: 2, p50Ms: expect.any(Number) });
  expect(times.firstFailure).toContain("answered 503");
  expect(seen[1]?.request).toBe("POST /api/v1/chargers/B%201/reset");
});

it.each([
  [[], null],
  [[3], 3],
  [[5, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
])("the median of %j is %j", (values, expected) => expect(median(values)).toBe(expected));

it("asks for as many chargers as wanted, each with an identity of its own, on both generations of OCPP", () => {
  const groups = fleetRequest(7, "simulated");
  expect(groups).toEqual([
    {
      template: expect.objectContaining({ ocpp_version: "OCPP1.6", runtime: "simulated" }),
      charger_ids: ["1", "2", "3", "4"],
    },
    {
      template: expect.objectContaining({ ocpp_version: "OCPP2.0.1", runtime: "simulated" }),
      charger_ids: ["5", "6", "7"],
    },
  ]);
  expect(fleetRequest(1, "external")).toHaveLength(1);
});
