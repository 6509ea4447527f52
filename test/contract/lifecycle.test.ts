import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { broken } from "../harness/openapi/conformance.ts";
import { operations } from "../harness/openapi/document.ts";
import { credential, furnish, newTenant, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

const seed = Number(process.env["BUSBAR_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Math.max(10, Math.ceil(Number(process.env["BUSBAR_FUZZ"] ?? 600) / 60));

let tenant: Tenant;
let locationId: string;
beforeAll(async () => {
  tenant = await newTenant("lifecycle");
  ({ locationId } = await furnish(tenant));
  process.stdout.write(`lifecycle: BUSBAR_FUZZ_SEED=${seed}\n`);
});

/** What the API must say of one identity, whatever happened to it before. */
interface Model {
  /** Its name where it exists. */
  name: string | null;
}

/** The identity of one run; `id` is of the newest charger that had it. */
interface Real {
  identity: string;
  id: string;
  goneIds: string[];
}

async function ask(operationId: string, id: string, body?: unknown) {
  const operation = operations.find((one) => one.operationId === operationId);
  if (!operation) throw new Error(`no operation ${operationId}`);
  const path = operation.path.replace("{charger_id}", id);
  const answer = await send({ method: operation.method, path, body, headers: credential(operation, tenant) });
  expect(broken(operation, answer)).toEqual([]);
  return answer;
}

const create = (name: string) => ({
  check: () => true,
  toString: () => `create(${name})`,
  async run(model: Model, real: Real) {
    const answer = await ask("createCharger", "", {
      identity: real.identity,
      brand_slug: "generic",
      model_slug: "generic-ac-22kw",
      ocpp_version: "OCPP1.6",
      location_id: locationId,
      charge_point_name: name,
      runtime: "external",
    });
    expect(answer.status).toBe(model.name === null ? 202 : 409);
    if (model.name !== null) return;
    const { charger_id } = answer.body as { charger_id: string };
    expect(real.goneIds).not.toContain(charger_id);
    Object.assign(real, { id: charger_id });
    model.name = name;
  },
});

const rename = (name: string) => ({
  check: () => true,
  toString: () => `rename(${name})`,
  async run(model: Model, real: Real) {
    const answer = await ask("updateCharger", real.id, { charge_point_name: name });
    expect(answer.status).toBe(model.name === null ? 404 : 200);
    if (model.name !== null) model.name = name;
  },
});

const remove = () => ({
  check: () => true,
  toString: () => "remove",
  async run(model: Model, real: Real) {
    expect((await ask("deleteCharger", real.id)).status).toBe(model.name === null ? 404 : 200);
    if (model.name !== null) real.goneIds.push(real.id);
    model.name = null;
  },
});

const read = () => ({
  check: () => true,
  toString: () => "read",
  async run(model: Model, real: Real) {
    const { status, body } = await ask("getCharger", real.id);
    expect(status).toBe(model.name === null ? 404 : 200);
    if (model.name !== null)
      expect(body).toMatchObject({ id: real.id, identity: real.identity, name: model.name });
    const known = await ask("getChargerStatus", real.id);
    expect(known.status).toBe(status);
    for (const gone of real.goneIds) expect((await ask("getCharger", gone)).status).toBe(404);
  },
});

it("a charger has the values of its last successful write, in every order of create, rename, read and delete", async () => {
  const name = fc.string({ minLength: 1, maxLength: 40 });
  const steps = [name.map(create), name.map(rename), fc.constant(read()), fc.constant(remove())];
  let run = 0;
  const property = fc.asyncProperty(fc.commands(steps, { maxCommands: 12 }), async (commands) => {
    const real: Real = { identity: `LIFE-${seed}-${run++}`, id: "never", goneIds: [] };
    await fc.asyncModelRun(() => ({ model: { name: null }, real }), commands);
  });
  await fc.assert(property, { seed, numRuns });
});
