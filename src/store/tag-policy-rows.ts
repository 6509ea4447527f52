import { z } from "zod";
import type { UnknownTagPolicy } from "../ports.ts";

/** What sessions are told of their organisation, with the time of the database. Table alias: `o` organizations. */
export const TAG_POLICY_COLUMNS = `o.accept_unknown_id_tags, o.tag_cache_seconds, o.master_pass_group_id,
  (extract(epoch FROM now()) * 1000)::float8 AS read_at_ms`;

/** Schema of `TAG_POLICY_COLUMNS`. */
export const tagPolicyColumns = {
  accept_unknown_id_tags: z.boolean(),
  tag_cache_seconds: z.number().nullable(),
  master_pass_group_id: z.string().nullable(),
  read_at_ms: z.number(),
};

const columns = z.object(tagPolicyColumns);

export function tagPolicyOf(row: z.infer<typeof columns>): UnknownTagPolicy {
  return {
    acceptsUnknown: row.accept_unknown_id_tags,
    cacheSeconds: row.tag_cache_seconds,
    masterPassGroupId: row.master_pass_group_id,
    readAtMs: row.read_at_ms,
  };
}
