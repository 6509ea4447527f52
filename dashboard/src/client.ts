import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.gen.ts";

export type Schemas = components["schemas"];
export type BusbarClient = Client<paths>;

export interface ClientOptions {
  /** Origin of the deployment, without trailing slash; empty in a page that it served itself. */
  baseUrl: string;
  /** An API key of the organisation: opens every surface. */
  apiKey: string;
}

/**
 * A client that knows every operation of `openapi.json`.
 *
 * @example
 * const { data, error } = await createBusbarClient({ baseUrl, apiKey }).GET("/ocpp/chargers/{charger_id}", {
 *   params: { path: { charger_id } },
 * });
 */
export function createBusbarClient({ baseUrl, apiKey }: ClientOptions): BusbarClient {
  const headers = { Authorization: `Bearer ${apiKey}`, "X-API-Key": apiKey };
  return createClient<paths>({ baseUrl, headers });
}
