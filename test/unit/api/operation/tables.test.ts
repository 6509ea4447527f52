import { describe, expect, test } from "vitest";
import { GATEWAY_OPERATIONS } from "../../../../src/api/gateway/router.ts";
import { buildOpenApi } from "../../../../src/api/openapi.ts";
import type { BoundOperation } from "../../../../src/api/operation/operations-of.ts";
import { SETTINGS_OPERATIONS } from "../../../../src/api/settings/router.ts";
import { V1_OPERATIONS } from "../../../../src/api/v1/router.ts";

interface Documented {
  operationId: string;
  security: object[];
  tags: string[];
  requestBody?: object;
}

const { paths, components } = buildOpenApi() as {
  paths: Record<string, Record<string, Documented>>;
  components: Record<"schemas" | "securitySchemes", Record<string, unknown>>;
};
const documented = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, requestBody }]) => ({
    operationId,
    method: method.toUpperCase(),
    path,
    takesBody: requestBody !== undefined,
  })),
);
const shown = (operations: readonly BoundOperation[], basePath = "") =>
  operations.map(({ operationId, method, path, takesBody }) => ({
    operationId,
    method,
    path: basePath + path,
    takesBody,
  }));
const tables = [
  ...shown(GATEWAY_OPERATIONS),
  ...shown(V1_OPERATIONS, "/api/v1"),
  ...shown(SETTINGS_OPERATIONS),
];

test("the document has the operations of the three tables and the two of health, and no other", () => {
  const ids = documented.map(({ operationId }) => operationId);
  const expected = [...tables.map(({ operationId }) => operationId), "getHealth", "getReadiness"];
  expect(ids.toSorted()).toEqual(expected.toSorted());
  for (const operation of tables) expect(documented).toContainEqual(operation);
});

test("the document names its schemas as clients of the gateway know them", () => {
  const names = Object.keys(components.schemas);
  const expected =
    `ChargerResponse ChargerListResponse UpdateChargerRequest LocationResponse LocationListResponse ModelResponse
    ModelListResponse DeleteLocationChargersResponse LocationCommandResponse ConfigurationChangeResponse
    LocalListMutationResponse HttpErrorResponse HTTPValidationError ValidationError CreateChargerRequest ChargerAcceptedResponse
    ChargerStatusResponse ChargerProvisioningStatus ProvisioningError LocationChargersGroup ChargerTemplate JobAcceptedResponse
    JobStatusResponse JobProgress UpdateLocationChargersRequest UpdateLocationChargersResponse RuntimeResponse ChargerLogEntry
    ChargerLogListResponse BrandResponse BrandListResponse DeletedChargerResponse DeletedLocationResponse ItemError SingleTarget
    MultiTarget`.split(/\s+/);
  expect(expected.filter((name) => !names.includes(name))).toEqual([]);
  expect(components.securitySchemes).toMatchObject({
    HTTPBearer: { type: "http", scheme: "bearer" },
  });
  const tags = GATEWAY_OPERATIONS.map(({ path, method }) => paths[path]?.[method.toLowerCase()]?.tags).flat();
  expect(new Set(tags)).toEqual(
    new Set(["catalog", "locations", "chargers", "location-chargers", "commands"]),
  );
});

describe("the role of an operation", () => {
  test("is documented with its security scheme", () => {
    const securityOf = (path: string, method: string) => paths[path]?.[method]?.security;
    expect(securityOf("/ocpp/catalog/brands", "get")).toEqual([{ HTTPBearer: [] }]);
    expect(securityOf("/ocpp/locations", "get")).toEqual([{ HTTPBearer: ["viewer"] }]);
    expect(securityOf("/ocpp/locations", "post")).toEqual([{ HTTPBearer: ["operator"] }]);
    expect(securityOf("/api/v1/chargers", "post")).toEqual([{ ApiKey: ["owner"] }]);
    expect(securityOf("/api/v1/auth/api-keys", "get")).toEqual([{ HTTPBearer: ["owner"] }]);
    expect(securityOf("/api/chargers/{id}", "get")).toEqual([{ HTTPBearer: ["owner"] }, { OAuth2: [] }]);
  });

  test("lets callers without organisation into the catalog of the gateway alone", () => {
    const open = GATEWAY_OPERATIONS.filter(({ role }) => role === "anyone");
    expect(open.map(({ operationId }) => operationId)).toEqual(["listBrands", "listModels", "getModel"]);
  });

  test.each([
    ["gateway", GATEWAY_OPERATIONS],
    ["command", V1_OPERATIONS],
  ])("lets a viewer of the %s surface change nothing", (_surface, operations) => {
    // A ticket is signed, not stored.
    const writing = operations.filter(
      ({ method, operationId }) => method !== "GET" && operationId !== "createLiveTicket",
    );
    expect(writing.filter(({ role }) => role === "viewer" || role === "anyone")).toEqual([]);
  });

  test("lets a viewer see every read but the frames of a charger and the keys", () => {
    const reads = [...GATEWAY_OPERATIONS, ...V1_OPERATIONS].filter(({ method }) => method === "GET");
    const closed = reads.filter(({ role }) => role !== "viewer" && role !== "anyone");
    expect(closed.map(({ operationId, role }) => [operationId, role])).toEqual([
      ["listChargerLogs", "operator"],
      ["listApiKeys", "keyManager"],
    ]);
  });

  test("lets key managers alone manage keys", () => {
    const keys = V1_OPERATIONS.filter(({ path }) => path.startsWith("/auth/"));
    expect(keys.length).toBeGreaterThan(0);
    expect([...new Set(keys.map(({ role }) => role))]).toEqual(["keyManager"]);
  });

  test("lets owners alone use the settings surface, and anybody ask for its tokens", () => {
    const open = SETTINGS_OPERATIONS.filter(({ role }) => role !== "owner");
    expect(open.map(({ operationId, role }) => [operationId, role])).toEqual([
      ["issueToken", "anybody"],
      ["discoverTokens", "anybody"],
    ]);
  });
});
