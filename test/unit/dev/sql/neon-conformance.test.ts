import { describe, it } from "vitest";
import { describeNeonConformance } from "./neon-conformance.ts";
import { startEmbedded, startOnServer } from "./scratch-sql.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];

describeNeonConformance("the embedded database", startEmbedded);

if (pgUrl) describeNeonConformance("the PostgreSQL server at BUSBAR_PG_URL", () => startOnServer(pgUrl));
else if (process.env["BUSBAR_REQUIRE_PG"] === "1") {
  it("finds a PostgreSQL server, as BUSBAR_REQUIRE_PG demands", () => {
    throw new Error("BUSBAR_PG_URL is not set");
  });
} else describe.skip("a PostgreSQL server (BUSBAR_PG_URL is not set)", () => it("conforms", () => undefined));
