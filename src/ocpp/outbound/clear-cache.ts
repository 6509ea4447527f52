import { askStatus } from "../command-script.ts";

/** Rejected where the station has no cache (1.6 errata 3.23). */
export const clearCache = () => askStatus("ClearCache", {});
