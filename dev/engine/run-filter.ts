import type { SqlValue } from "./database.ts";

export interface RunFilter {
  where: string;
  values: SqlValue[];
}

/**
 * SQL condition on `runs` for the query of a listing or a bulk cancel: OR inside a filter, AND
 * between filters. `isPrefix` = workflowUrl matches by prefix.
 */
export function runFilter(query: URLSearchParams, isPrefix: boolean): RunFilter {
  const terms: string[] = [];
  const values: SqlValue[] = [];
  const add = (names: string[], term: (marks: string) => string) => {
    const wanted = names.flatMap((name) => query.getAll(name).flatMap((value) => value.split(",")));
    if (wanted.length === 0) return;
    terms.push(term(wanted.map(() => "?").join(",")));
    values.push(...wanted);
  };
  add(["workflowRunId", "workflowRunIds"], (marks) => `run_id IN (${marks})`);
  add(["state"], (marks) => `state IN (${marks})`);
  add(
    ["workflowCreatedAt"],
    (marks) => `created_at IN (SELECT CAST(column1 AS INTEGER) FROM (VALUES (${marks})))`,
  );
  add(["fromDate"], (marks) => `created_at >= max(0, ${marks})`.replaceAll("?", "CAST(? AS INTEGER)"));
  add(["toDate"], (marks) => `created_at <= min(9e15, ${marks})`.replaceAll("?", "CAST(? AS INTEGER)"));
  add(
    ["label"],
    (marks) => `EXISTS (SELECT 1 FROM run_labels WHERE label IN (${marks}) AND run_pk = runs.pk)`,
  );
  add(
    ["flowControlKey"],
    (marks) =>
      `EXISTS (SELECT 1 FROM configs WHERE id = runs.config_id AND json_extract(body, '$.flow.key') IN (${marks}))`,
  );
  const url = query.get("workflowUrl");
  if (url !== null) {
    terms.push(isPrefix ? "substr(url, 1, length(?)) = ?" : "url = ?");
    values.push(...(isPrefix ? [url, url] : [url]));
  }
  return { where: terms.join(" AND ") || "1", values };
}
