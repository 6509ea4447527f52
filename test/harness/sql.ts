import { connect, writesData, type Row, type Sql } from "../../src/store/sql.ts";

/** Connects to the database of a running stack. @param sqlUrl `stack.address("sql")` */
export function openSql(sqlUrl: string): TestSql {
  return testSql(
    connect({
      DATABASE_URL: `postgresql://postgres:postgres@${new URL(sqlUrl).port}.local.db/postgres`,
      NEON_FETCH_ENDPOINT: `${sqlUrl}/sql`,
    }),
  );
}

/** A connection that a test can also call with any statement, which is sent as a read or a write. */
export type TestSql = Sql & ((text: string, params: unknown[]) => Promise<Row[]>);

export function testSql(sql: Sql): TestSql {
  const any = (text: string, params: unknown[]) =>
    writesData(text) ? sql.write(text, params) : sql.read(text, params);
  return Object.assign(any, sql);
}
