import { describe, expect, it } from "vitest";
import { demoReport, nextCommands, summary } from "../../../../dev/demo/report.ts";

const ID = "01a22fd5-a501-7000-8ce4-303d469c20ac";
const next = {
  url: "http://127.0.0.1:65535",
  apiKey: `cap_live_${"K".repeat(43)}`,
  statusUrl: `/ocpp/locations/${ID}/chargers/jobs/${ID.replace("a501", "a513")}`,
  data: ".local/demo",
  isKept: false,
  variables: [],
};

it("a demo says how to see its fleet again", () => {
  expect(nextCommands(next)).toBe(`
The same fleet again:
  npm start -- --data .local/demo --port 65535
then, for instance:
  KEY=${next.apiKey}
  LOCATION=01a22fd5-a501-7000-8ce4-303d469c20ac
  JOB=01a22fd5-a513-7000-8ce4-303d469c20ac
  curl -H "Authorization: Bearer $KEY" \\
    http://127.0.0.1:65535/ocpp/locations/$LOCATION/chargers/jobs/$JOB
`);
});

it("a demo with external stores names the variables that point to them, without their values", () => {
  expect(nextCommands({ ...next, variables: ["BUSBAR_PG_URL", "BUSBAR_REDIS_URL"] })).toContain(
    "\n  BUSBAR_PG_URL=… \\\n  BUSBAR_REDIS_URL=… \\\n  npm start -- --data .local/demo --port 65535\n",
  );
});

describe("a line of the demo is at most 80 columns wide", () => {
  const fleet = {
    jobId: ID,
    locationId: ID,
    statusUrl: next.statusUrl,
    identities: Array.from({ length: 10_000 }, (_, n) => `CP-${n}`),
    chargerIds: [],
    failed: 10_000,
    firstFailure: undefined,
    acceptMs: 99_999.99,
    readySeconds: 9999.99,
  };
  const results = {
    fleet,
    charged: { seconds: 600, sent: 1000, sessions: 1000, energyKwh: 99_999.99 },
    commands: { sent: 1000, answered: 1000, p50Ms: 99_999.99, firstFailure: undefined },
  };
  const variables = ["BUSBAR_PG_URL", "BUSBAR_REDIS_URL"];
  it.each([
    ["in its figures", summary(demoReport(10_000, results, 2 ** 40, next.url), results)],
    ["without commands", summary(demoReport(1, results, 1, ""), { ...results, commands: null })],
    ["in the commands that follow", nextCommands(next)],
    ["while it keeps running", nextCommands({ ...next, isKept: true })],
    ["with external stores", nextCommands({ ...next, variables })],
  ])("%s", (_name, text) => {
    expect(text.split("\n").filter(({ length }) => length > 80)).toEqual([]);
  });
});
