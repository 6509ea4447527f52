import { resultsFile } from "./provisioning-results.ts";
import { provisioningTable } from "./provisioning-table.ts";
import { publishTable } from "./publish-table.ts";

publishTable({
  command: "node test/bench/write-table.ts",
  section: "provisioning",
  file: resultsFile,
  table: provisioningTable,
});
