import { expect, it } from "vitest";
import { nextCommands } from "../../../../dev/demo/report.ts";

const next = {
  url: "http://127.0.0.1:20001",
  apiKey: "key",
  statusUrl: "/ocpp/locations/1/chargers/jobs/2",
  data: ".local/demo",
  isKept: false,
  variables: [],
};

it("a demo says how to see its fleet again", () => {
  expect(nextCommands(next)).toBe(`
The same fleet again:
  npm start -- --data .local/demo --port 20001
then, for instance:
  curl -H "Authorization: Bearer key" http://127.0.0.1:20001/ocpp/locations/1/chargers/jobs/2
`);
});

it("a demo with external stores names the variables that point to them, without their values", () => {
  expect(nextCommands({ ...next, variables: ["BUSBAR_PG_URL", "BUSBAR_REDIS_URL"] })).toContain(
    "\n  BUSBAR_PG_URL=… BUSBAR_REDIS_URL=… npm start -- --data .local/demo --port 20001\n",
  );
});
