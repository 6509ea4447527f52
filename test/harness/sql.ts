import { connect } from "../../src/store/sql.ts";

/** Asks the database of a running stack. @param sqlUrl `stack.address("sql")` */
export function openSql(sqlUrl: string) {
  return connect({
    DATABASE_URL: `postgresql://postgres:postgres@${new URL(sqlUrl).port}.local.db/postgres`,
    NEON_FETCH_ENDPOINT: `${sqlUrl}/sql`,
  });
}
