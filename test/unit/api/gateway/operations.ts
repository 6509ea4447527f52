/** Every operation of the surface with a path that exists as far as the shape of its ids goes. */
const ID = "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10";

export interface OperationUnderTest {
  name: string;
  method: string;
  path: string;
  isTenantScoped: boolean;
}

const read = (name: string, path: string, isTenantScoped = true) => ({
  name,
  method: "GET",
  path,
  isTenantScoped,
});
const write = (name: string, path: string) => ({ name, method: "POST", path, isTenantScoped: true });

export const OPERATIONS: OperationUnderTest[] = [
  read("listBrands", "/ocpp/catalog/brands", false),
  read("listModels", "/ocpp/catalog/brands/abb/models", false),
  read("getModel", "/ocpp/catalog/brands/abb/models/terra-184", false),
  read("listLocations", "/ocpp/locations"),
  write("createLocation", "/ocpp/locations"),
  read("getLocation", `/ocpp/locations/${ID}`),
  write("createCharger", "/ocpp/chargers"),
  read("listChargers", "/ocpp/chargers"),
  read("getCharger", `/ocpp/chargers/${ID}`),
  read("getChargerStatus", `/ocpp/chargers/${ID}/status`),
  read("listLocationChargers", `/ocpp/locations/${ID}/chargers`),
  write("createLocationChargers", `/ocpp/locations/${ID}/chargers`),
  read("getLocationChargersJob", `/ocpp/locations/${ID}/chargers/jobs/${ID}`),
];
