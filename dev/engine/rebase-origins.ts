import type { ConfigTable } from "./config-table.ts";
import type { Database } from "./database.ts";

export interface Rebase {
  from: string;
  to: string;
}

/**
 * Rewrites all stored URLs from one origin to another, in one transaction. Otherwise a stack that starts on another port would
 * send and sign its deliveries for the old address.
 */
export function rebaseOrigins(db: Database, configs: ConfigTable, { from, to }: Rebase): void {
  const [oldOrigin, newOrigin] = [new URL(from).origin, new URL(to).origin];
  const rewrite = (url: string) =>
    url === oldOrigin || url.startsWith(`${oldOrigin}/`) || url.startsWith(`${oldOrigin}?`)
      ? newOrigin + url.slice(oldOrigin.length)
      : url;
  db.transaction(() => {
    for (const table of ["runs", "messages"]) {
      const urls = db.prepare<{ url: string }>(`SELECT DISTINCT url FROM ${table}`).all();
      const update = db.prepare(`UPDATE ${table} SET url = ? WHERE url = ?`);
      for (const { url } of urls) if (rewrite(url) !== url) update.run(rewrite(url), url);
    }
    configs.rewriteFailureUrls(rewrite);
  });
}
