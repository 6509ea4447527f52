import { publishTable } from "../publish-table.ts";
import { commandResultsFile } from "./command-results.ts";
import { commandTable } from "./command-table.ts";

publishTable({
  command: "node test/bench/commands/write-table.ts",
  section: "commands",
  file: commandResultsFile,
  table: commandTable,
});
