import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { operations, resolve, type ApiOperation, type Schema } from "../harness/openapi/document.ts";
import { credential, furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

let tenant: Tenant;
let own: Belongings;
beforeAll(async () => {
  tenant = await newTenant("documented");
  own = await furnish(tenant);
});

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;

/** The whole body that the reference page proposes. */
const proposed = ({ body }: ApiOperation): unknown => body && resolve(body)["example"];

/** Ids that only the reader can know; everything else is sent as it is proposed. */
function filledIn(text: string): string {
  return text
    .replaceAll("LOCATION_ID", own.locationId)
    .replaceAll("CHARGER_ID", own.chargerId)
    .replace(/\{location_id\}/, own.locationId)
    .replace(/\{charger_id\}/, own.chargerId)
    .replace(/\{id\}/, own.chargerId);
}

// What deletes comes last: the others need what it deletes.
const proposing = operations
  .filter((operation) => proposed(operation) !== undefined && proposed(operation) !== null)
  .toSorted((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"));

describe("the examples of the reference page", () => {
  it.each(proposing.map((operation) => [operation.operationId, operation] as const))(
    "%s takes the body it proposes, with the reader's ids in it",
    async (_id, operation) => {
      const answer = await send({
        method: operation.method,
        path: filledIn(operation.path),
        headers: credential(operation, tenant),
        text: filledIn(JSON.stringify(proposed(operation))),
      });
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    },
  );

  it("propose no id in a path that no installation has", () => {
    const ids = operations.flatMap(({ operationId, parameters }) =>
      parameters
        .filter((one) => one.in === "path" && /^(location|charger|job|key)_id$|^id$/.test(one.name))
        .filter(({ schema }) => "example" in schema)
        .map(({ name }) => `${operationId} ${name}`),
    );
    expect(ids).toEqual([]);
  });

  it("name no host but those kept for examples, and no server but the one that serves the page", () => {
    const hosts: string[] = [];
    const visit = (value: unknown): void => {
      if (typeof value === "string")
        hosts.push(
          ...[...value.matchAll(/\b(?:https?|wss?):\/\/([^\s/"`]+)/g)].map(([, host]) => host ?? ""),
        );
      else if (isSchema(value)) for (const one of Object.values(value)) visit(one);
    };
    const text = readFileSync(new URL("../../openapi.json", import.meta.url), "utf8");
    const whole: { servers: unknown } = JSON.parse(text);
    visit(whole);
    expect(whole.servers).toEqual([{ url: "/" }]);
    expect(hosts.filter((host) => !/(^|\.)example\.(com|org|net)$/.test(host))).toEqual([]);
  });
});
