import { afterAll, beforeAll, expect, test } from "vitest";
import { startFixture, type Fixture } from "./engine-fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

test("three sequential steps run once each and payload, headers, label and return value arrive", async () => {
  const { endpoint, client, ended } = fixture;
  const ran: unknown[] = [];
  const url = endpoint.workflow("/three", async (context) => {
    const first = await context.run("first", () => {
      ran.push([context.requestPayload, context.headers.get("x-user"), context.label]);
      return { a: 1 };
    });
    const second = await context.run("second", () => (ran.push("second"), `${first.a} grüße`));
    await context.run("third", () => void ran.push(second));
    return { done: second };
  });
  const { workflowRunId } = await client.trigger({
    url,
    body: { n: 1 },
    headers: { "x-user": "u" },
    label: "lab",
    workflowRunId: "three",
  });
  const log = await ended(workflowRunId);
  expect(log).toMatchObject({
    workflowState: "RUN_SUCCESS",
    workflowRunResponse: '{"done":"1 grüße"}',
    label: "lab",
  });
  expect(ran).toEqual([[{ n: 1 }, "u", "lab"], "second", "1 grüße"]);
  expect(endpoint.deliveries.filter(({ path }) => path === "/three")).toHaveLength(4);
});
