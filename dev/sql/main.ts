import { z } from "zod";
import { runPart } from "../part/run-part.ts";
import { startSql } from "./start-sql.ts";

const SqlConfig = z.object({
  port: z.int(),
  dataDir: z.string().min(1),
  pgUrl: z.string().optional(),
  migrations: z.string().optional(),
});

await runPart((config) => startSql(SqlConfig.parse(config)));
