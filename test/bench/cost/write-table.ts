import { publishTable } from "../publish-table.ts";
import { costRunsFile } from "./cost-run.ts";
import { costTable } from "./cost-table.ts";

publishTable({
  command: "node test/bench/cost/write-table.ts",
  section: "cost",
  file: () => costRunsFile,
  table: costTable,
});
