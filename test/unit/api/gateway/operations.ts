/** Every operation of the surface with a path that exists as far as the shape of its ids goes. */
const ID = "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10";

export interface OperationUnderTest {
  name: string;
  method: string;
  path: string;
  isTenantScoped: boolean;
  /** Takes a JSON body, needed or not. */
  hasBody: boolean;
}

const read = (name: string, path: string, isTenantScoped = true) => ({
  name,
  method: "GET",
  path,
  isTenantScoped,
  hasBody: false,
});
const write = (name: string, path: string, method = "POST", hasBody = true) => ({
  name,
  method,
  path,
  isTenantScoped: true,
  hasBody,
});

export const OPERATIONS: OperationUnderTest[] = [
  read("listBrands", "/ocpp/catalog/brands", false),
  read("listModels", "/ocpp/catalog/brands/abb/models", false),
  read("getModel", "/ocpp/catalog/brands/abb/models/terra-184", false),
  read("listLocations", "/ocpp/locations"),
  write("createLocation", "/ocpp/locations"),
  read("getLocation", `/ocpp/locations/${ID}`),
  write("updateLocation", `/ocpp/locations/${ID}`, "PUT"),
  write("deleteLocation", `/ocpp/locations/${ID}`, "DELETE", false),
  write("createCharger", "/ocpp/chargers"),
  read("listChargers", "/ocpp/chargers"),
  read("getCharger", `/ocpp/chargers/${ID}`),
  write("updateCharger", `/ocpp/chargers/${ID}`, "PUT"),
  write("deleteCharger", `/ocpp/chargers/${ID}`, "DELETE", false),
  write("startChargerRuntime", `/ocpp/chargers/${ID}/start-charger`),
  write("stopChargerRuntime", `/ocpp/chargers/${ID}/stop-charger`),
  write("restartChargerRuntime", `/ocpp/chargers/${ID}/restart-charger`),
  read("listChargerLogs", `/ocpp/chargers/${ID}/logs`),
  read("getChargerStatus", `/ocpp/chargers/${ID}/status`),
  read("listLocationChargers", `/ocpp/locations/${ID}/chargers`),
  write("createLocationChargers", `/ocpp/locations/${ID}/chargers`),
  write("updateLocationChargers", `/ocpp/locations/${ID}/chargers`, "PUT"),
  write("deleteLocationChargers", `/ocpp/locations/${ID}/chargers`, "DELETE"),
  read("getLocationChargersJob", `/ocpp/locations/${ID}/chargers/jobs/${ID}`),
  write("cancelLocationChargersJob", `/ocpp/locations/${ID}/chargers/jobs/${ID}/cancel`, "POST", false),
  write("retryLocationChargersJob", `/ocpp/locations/${ID}/chargers/jobs/${ID}/retry`, "POST", false),
];
