import { z } from "@hono/zod-openapi";
import type { LocalListItem } from "../../../ocpp/station-event.ts";
import { InvalidRequest } from "../../operation/receive.ts";
import { tooLong } from "../findings.ts";
import { parseDateTime } from "../parse-date-time.ts";
import { text } from "../schemas/fields.ts";
import { type Reached, singleOperation } from "./single-operation.ts";

const ENTRIES_MAX = 1_000;
const INT32_MAX = 2_147_483_647;
/** OCPP 1.6 CiString20Type. */
const ID_TAG_MAX_16 = 20;

const count = (description: string) =>
  z
    .number()
    .int()
    .nullable()
    .openapi({ description: `${description}; null for an external charger` });

const noEvent = z.object({});

export const resetCache = singleOperation({
  name: "cache/reset",
  summary: "Reset authorization cache",
  description: "Clears the authorization cache. An external charger gets ClearCache.",
  event: noEvent,
  reachesExternal: true,
  success: {
    status: 200,
    description: "Authorization cache cleared, or the charger's refusal",
    schema: z.object({ msg: z.string(), cleared_entries: count("Entries that it had") }),
  },
  run: async (reached) => {
    const msg = "Authorization cache cleared";
    if (reached.target.runtime === "simulated") {
      const { clearedEntries } = await reached.event({ kind: "clear_cache" });
      return { msg, cleared_entries: Number(clearedEntries ?? 0) };
    }
    const { status } = await reached.command({ kind: "clearCache" }, "status");
    const isCleared = status === "accepted";
    return {
      msg: isCleared ? msg : "Charger rejected the reset of its authorization cache",
      cleared_entries: null,
    };
  },
});

const expiryDate = z
  .string()
  .transform((value, ctx) => {
    const parsed = parseDateTime(value);
    if ("ms" in parsed) return parsed.ms;
    ctx.addIssue({
      code: "custom",
      params: { type: "datetime_from_date_parsing" },
      message: parsed.reason,
    });
    return z.NEVER;
  })
  .openapi({ type: "string", format: "date-time", example: "2026-12-31T23:59:59Z" });

const tag = text({ min: 1, max: 36 });

const Entry = z.object({
  id_tag: tag.openapi({ description: "At most 20 characters in OCPP 1.6" }),
  expiry_date: expiryDate.nullish(),
  status: z
    .enum(["Accepted", "Blocked", "Expired", "Invalid"])
    .nullish()
    .openapi({ description: "Default: Accepted" }),
  parent_id_tag: tag.nullish(),
});

const LocalListMutationResponse = z
  .object({
    status: z.string().openapi({ description: "Accepted, Failed, NotSupported or VersionMismatch" }),
    list_version: z.number().int().openapi({ description: "The version that the charger has now" }),
    entries_received: z.number().int(),
  })
  .openapi("LocalListMutationResponse", {
    example: { status: "Accepted", list_version: 2, entries_received: 1 },
  });

export const localAuthList = singleOperation({
  name: "local-auth-list",
  summary: "Send local authorization list",
  description:
    "Replaces or changes the local list; list_version must increase on each update. An external charger gets SendLocalList.",
  event: z.object({
    list_version: z.number().int().min(1).max(INT32_MAX),
    entries: z.array(Entry).max(ENTRIES_MAX),
    update_type: z.enum(["Full", "Differential"]).nullish().openapi({ description: "Default: Full" }),
  }),
  needsEvent: true,
  example: { list_version: 2, entries: [{ id_tag: "TAG-RFID-001", expiry_date: "2026-12-31T23:59:59Z" }] },
  reachesExternal: true,
  success: { status: 200, description: "What became of the list", schema: LocalListMutationResponse },
  run: async (reached, { list_version: version, entries, update_type: updateType }) => {
    refuseLongTags(reached, entries);
    const told = { entries_received: entries.length };
    if (reached.target.runtime === "simulated") {
      const isFull = updateType !== "Differential";
      const result = await reached.event({
        kind: "local_list",
        version,
        isFull,
        entries: entries.map(itemOf),
      });
      return { status: String(result["status"]), list_version: Number(result["version"]), ...told };
    }
    const status = await send(reached, version, updateType ?? "Full", entries.map(itemOf));
    return {
      status,
      list_version: status === "VersionMismatch" ? await versionOf(reached) : version,
      ...told,
    };
  },
});

export const clearLocalAuthList = singleOperation({
  name: "clear-local-auth-list",
  summary: "Clear local authorization list",
  description:
    "Empties the local list. An external charger gets SendLocalList Full with an empty list and the next version.",
  event: noEvent,
  reachesExternal: true,
  success: {
    status: 200,
    description: "Local authorization list cleared, or the charger's refusal",
    schema: z.object({ msg: z.string(), entries_deleted: count("Entries that it had") }),
  },
  run: async (reached) => {
    const msg = "Local authorization list cleared";
    if (reached.target.runtime === "simulated") {
      const { deletedEntries } = await reached.event({ kind: "clear_local_list" });
      return { msg, entries_deleted: Number(deletedEntries ?? 0) };
    }
    const status = await send(reached, Math.max(0, await versionOf(reached)) + 1, "Full", []);
    return { msg: status === "Accepted" ? msg : `Charger answered ${status}`, entries_deleted: null };
  },
});

async function send(
  reached: Reached,
  listVersion: number,
  updateType: "Full" | "Differential",
  items: readonly LocalListItem[],
): Promise<string> {
  const entries = items.map(({ idToken, status, expiresAtMs, group }) => ({
    idTag: idToken,
    status,
    ...(expiresAtMs !== null && { expiryDate: new Date(expiresAtMs).toISOString() }),
    ...(group !== null && { parentIdTag: group }),
  }));
  const command = { kind: "sendLocalList", listVersion, updateType, entries } as const;
  return (await reached.command(command, "status")).status;
}

async function versionOf(reached: Reached): Promise<number> {
  return (await reached.command({ kind: "getLocalListVersion" }, "localListVersion")).listVersion;
}

function itemOf({ id_tag, status, expiry_date, parent_id_tag }: z.output<typeof Entry>): LocalListItem {
  return {
    idToken: id_tag,
    status: status ?? "Accepted",
    expiresAtMs: expiry_date ?? null,
    group: parent_id_tag ?? null,
  };
}

/** @throws InvalidRequest: a tag is longer than OCPP 1.6 allows */
function refuseLongTags({ target }: Reached, entries: ReadonlyArray<z.output<typeof Entry>>): void {
  if (target.version !== "ocpp1.6") return;
  const findings = entries.flatMap((entry, index) =>
    (["id_tag", "parent_id_tag"] as const).flatMap((field) => {
      const given = entry[field] ?? "";
      const loc = ["body", "event", "entries", index, field];
      return given.length > ID_TAG_MAX_16 ? [tooLong(ID_TAG_MAX_16, loc, given)] : [];
    }),
  );
  if (findings.length > 0) throw new InvalidRequest(findings);
}
