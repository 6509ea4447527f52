import { connect, writesData, type Sql } from "../../src/store/sql.ts";

/** Asks the database of a running stack. @param sqlUrl `stack.address("sql")` */
export function openSql(sqlUrl: string): Sql {
  return testSql(
    connect({
      DATABASE_URL: `postgresql://postgres:postgres@${new URL(sqlUrl).port}.local.db/postgres`,
      NEON_FETCH_ENDPOINT: `${sqlUrl}/sql`,
    }),
  );
}

/** The same connection, which a test may call with a statement that writes as well. */
export function testSql(sql: Sql): Sql {
  const any = (text: string, params: unknown[]) =>
    writesData(text) ? sql.write(text, params) : sql(text, params);
  return Object.assign(any, { write: sql.write, store: sql.store });
}
