import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { broken } from "../harness/openapi/conformance.ts";
import { operations, type ApiOperation } from "../harness/openapi/document.ts";
import { invalidRequests, validRequests, type ApiRequest } from "../harness/openapi/request.ts";
import type { Words } from "../harness/openapi/valid.ts";
import { tenantRows } from "./tenant-rows.ts";
import { credential, furnish, newTenant, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

const total = Number(process.env["BUSBAR_FUZZ"] ?? 600);
const seed = Number(process.env["BUSBAR_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Math.max(1, Math.ceil(total / operations.length / 2));
// Shrinking sends requests too: enough to name the smallest culprit.
const parameters = { numRuns, seed, interruptAfterTimeLimit: 1_200_000 };

let tenant: Tenant;
let rows: Record<string, unknown>;
const words: Record<string, readonly unknown[]> = {
  brand_slug: ["generic"],
  model_slug: ["generic-ac-22kw", "generic-dc-150kw"],
  ocpp_version: ["OCPP1.6", "OCPP2.0.1", "OCPP2.1"],
  // Real stations are few, so that the run measures the surface and not the fleet.
  runtime: ["external"],
  chargers_number: [1, 2, 3],
  country: ["FR", "de"],
  timezone: ["Europe/Paris", null],
  ws_url: [null, "wss://csms.example.com/ocpp"],
  timeout: [1],
  "Idempotency-Key": ["a", "b", "fuzz-1"],
};

beforeAll(async () => {
  process.stdout.write(`fuzz: ${total} requests, BUSBAR_FUZZ_SEED=${seed}\n`);
  tenant = await newTenant("fuzz");
  const own = await furnish(tenant);
  const never = "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10";
  Object.assign(words, {
    location_id: [own.locationId, own.locationId, never],
    charger_id: [own.chargerId, never],
    id: [own.chargerId, never],
    charger_ids: [[own.chargerId], [never, own.chargerId]],
    job_id: [own.jobId, never],
    chargeBoxId: [own.externalIdentity, own.identity, "UNKNOWN-1"],
    transactionId: [own.transactionId, "4711", "4712", "txn_01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    tagJobId: [own.tagJobId, never],
    reservation: [own.reservation, "rsv_01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    idTagId: [own.idTagId, "tag_01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    webhookId: [own.webhookId, "wh_01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    requestId: [17, -1],
    keyId: [own.keyId, "key_01ARZ3NDEKTSV4RRFFQ69G5FAV"],
  } satisfies Words);
  rows = await tenantRows(tenant.organization);
});

const answered = new Map<string, number>();
afterAll(() => {
  const counts = [...answered]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([status, n]) => `${status}: ${n}`);
  process.stdout.write(`fuzz: answers ${counts.join(", ")}\n`);
});

/** What a request that the document forbids must be answered with. */
const REFUSAL = { gateway: 422, v1: 400, settings: 400 } as const;

async function check(operation: ApiOperation, request: ApiRequest): Promise<void> {
  const { path, headers, body } = request;
  const fault = isTolerated(operation, request) ? null : request.fault;
  const shown = credential(operation, tenant);
  const answer = await send({ method: operation.method, path, headers: { ...headers, ...shown }, body });
  answered.set(String(answer.status), (answered.get(String(answer.status)) ?? 0) + 1);
  const faults = broken(operation, answer);
  // 502 to 504, where documented, are the station's fault or a dependency's; a 500 is ours.
  if (answer.status === 500) faults.push("an internal error");
  if (fault !== null && answer.status !== expectedRefusal(operation, fault)) faults.push(`accepts: ${fault}`);
  const before = rows;
  rows = await tenantRows(tenant.organization);
  const hasWritten = JSON.stringify(rows) !== JSON.stringify(before);
  if (answer.status >= 400 && hasWritten) faults.push("wrote something");
  if (operation.method === "GET" && hasWritten) faults.push("a read wrote something");
  if (faults.length === 0) return;
  const sent = `${operation.method} ${path} ${JSON.stringify(headers)} ${JSON.stringify(body)?.slice(0, 2_000)}`;
  const got = `${answer.status} ${JSON.stringify(answer.body)?.slice(0, 2_000)}`;
  expect.fail(`${faults.join("; ")}\nsent: ${sent}\ngot: ${got}`);
}

/** A body that is null counts as none where none is needed; where the query says it all, nobody reads the body. */
function isTolerated({ isBodyRequired, operationId }: ApiOperation, { fault, path }: ApiRequest): boolean {
  if (fault === "body / = null") return !isBodyRequired;
  const isUnread = operationId === "deleteLocationChargers" && path.includes("charger_ids=");
  return isUnread && fault?.startsWith("body ") === true;
}

/** Ids in a path are opaque to the gateway: a malformed one is unknown. */
function expectedRefusal({ surface }: ApiOperation, fault: string): number {
  return surface === "gateway" && fault.startsWith("path ") ? 404 : REFUSAL[surface];
}

// What takes things away comes last.
const ordered = operations.toSorted((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"));

describe.each(ordered.map((operation) => ({ name: operation.operationId, operation })))(
  "$name",
  ({ operation }) => {
    it("answers as documented whatever the document allows, and writes nothing on a refusal", async () => {
      await fc.assert(
        fc.asyncProperty(validRequests(operation, words), (request) => check(operation, request)),
        parameters,
      );
    });

    it("refuses whatever the document forbids in the format of its surface, and writes nothing", async () => {
      await fc.assert(
        fc.asyncProperty(invalidRequests(operation, words), (request) => check(operation, request)),
        parameters,
      );
    });
  },
);
