import { GATEWAY_OPERATIONS } from "../../../../src/api/gateway/router.ts";

const ID = "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10";
const CATALOG_IDS: Record<string, string> = { brand_slug: "abb", model_slug: "terra-184" };

export interface OperationUnderTest {
  name: string;
  method: string;
  /** Its ids have the right shape; whether they exist is the test's affair. */
  path: string;
  isTenantScoped: boolean;
  /** Takes a JSON body, required or not. */
  hasBody: boolean;
}

/** Every operation of the surface, from its own table. */
export const OPERATIONS: OperationUnderTest[] = GATEWAY_OPERATIONS.map((operation) => ({
  name: operation.operationId,
  method: operation.method,
  path: operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => CATALOG_IDS[name] ?? ID),
  // Not by its role: the catalog alone may be read without an organisation.
  isTenantScoped: !operation.path.startsWith("/ocpp/catalog/"),
  hasBody: operation.takesBody,
}));
