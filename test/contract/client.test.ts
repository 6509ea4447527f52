import { beforeAll, describe, expect, it } from "vitest";
import { createBusbarClient, type BusbarClient } from "../../dashboard/src/client.ts";
import { waitFor } from "../harness/wait-for.ts";
import { newTenant } from "./tenant.ts";
import { world } from "./world.ts";

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
