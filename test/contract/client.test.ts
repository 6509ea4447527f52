import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createBusbarClient, type BusbarClient } from "../../dashboard/src/client.ts";
import { waitFor } from "../harness/wait-for.ts";
import { findings } from "../harness/openapi/conformance.ts";
import { publicOperations } from "../harness/openapi/document.ts";
import { furnish, newTenant, type Tenant } from "./tenant.ts";
import { send, world } from "./world.ts";

describe("the generated client", () => {
  let client: BusbarClient;
  beforeAll(async () => {
    const { owner } = await newTenant("client");
    client = createBusbarClient({ baseUrl: world.url, apiKey: owner });
  });

  it("provisions a batch and commands one of its chargers with nothing but the types of the document", async () => {
    const location = await client.POST("/ocpp/locations", { body: { name: "Depot" } });
    const location_id = location.data?.id ?? "";
    const template = {
      brand_slug: "generic",
      model_slug: "generic-ac-22kw",
      ocpp_version: "OCPP1.6",
    } as const;
    const accepted = await client.POST("/ocpp/locations/{location_id}/chargers", {
      params: { path: { location_id } },
      body: [{ template: { ...template, identity_prefix: "CLIENT-" }, charger_ids: ["1"] }],
    });
    expect(accepted.response.status).toBe(202);
    const job_id = accepted.data?.job_id ?? "";
    const created = await waitFor(
      "the job",
      async () => {
        const path = { location_id, job_id };
        const job = await client.GET("/ocpp/locations/{location_id}/chargers/jobs/{job_id}", {
          params: { path },
        });
        return job.data?.status === "READY" && job.data.results?.created;
      },
      60_000,
    );
    expect(created.map(({ identity }) => identity)).toEqual(["CLIENT-1"]);
    const reset = await client.POST("/api/v1/chargers/{chargeBoxId}/reset", {
      params: { path: { chargeBoxId: "CLIENT-1" } },
      body: { type: "Soft" },
    });
    expect([reset.response.status, reset.data]).toMatchObject([200, { chargeBoxId: "CLIENT-1" }]);
  });

  it("hands over refusals as values of their documented types", async () => {
    const params = { path: { charger_id: "dep-123" } };
    const { data, error, response } = await client.GET("/ocpp/chargers/{charger_id}", { params });
    expect([response.status, data, error]).toEqual([404, undefined, { detail: "Charger not found" }]);
  });
});

describe("an operation without a credential", () => {
  const discovery = z.object({ issuer: z.string(), token_endpoint: z.string() });
  const tokens = z.object({ access_token: z.string() });
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await newTenant("no-credential");
  });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const grant = (password: string) =>
    new URLSearchParams({ grant_type: "password", username: password.slice(0, 13), password }).toString();

  it("is open, and answers as documented", async () => {
    expect(publicOperations.length).toBeGreaterThan(0);
    for (const { method, path, responses } of publicOperations) {
      const body = method === "POST" ? { text: grant(tenant.owner), headers: form } : {};
      const answer = await send({ method, path, ...body });
      const schema = responses["200"]?.content?.["application/json"]?.schema;
      expect([path, answer.status, schema && findings(schema, answer.body)]).toEqual([path, 200, []]);
    }
  });

  it("has as issuer the address that the client asked, with a slash, so that the client finds the token endpoint", async () => {
    const found = await send({ method: "GET", path: "/.well-known/openid-configuration" });
    const { issuer, token_endpoint } = discovery.parse(found.body);
    expect(issuer).toBe(`${world.url}/`);
    const asked = { method: "POST", path: token_endpoint.replace(world.url, ""), text: grant(tenant.owner) };
    const { access_token: token } = tokens.parse((await send({ ...asked, headers: form })).body);
    const { chargerId } = await furnish(tenant);
    const charger = await send({
      method: "GET",
      path: `/api/chargers/${chargerId}`,
      headers: { authorization: `Bearer ${token}` },
    });
    expect([charger.status, charger.body]).toMatchObject([200, { CurrentUserRoles: 2 }]);
  });
});
