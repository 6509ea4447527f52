import { publishTable } from "../publish-table.ts";
import { messageResultsFile } from "./message-results.ts";
import { messageTable } from "./message-table.ts";

publishTable({
  command: "node test/bench/messages/write-table.ts",
  section: "messages",
  file: messageResultsFile,
  table: messageTable,
});
