import { z } from "zod";
import type { ChargerSettings } from "../ports.ts";
import { timestamp } from "./rows.ts";

/** Written by these statements only, so its inner shape is what the types say. */
const stored = <T>() => z.custom<T>((value) => typeof value === "object" && value !== null);

export const settingsRow = z
  .object({
    revision: z.number(),
    desired: stored<ChargerSettings["desired"]>(),
    states: stored<ChargerSettings["states"]>(),
    station: stored<ChargerSettings["station"]>(),
    updated_at: timestamp,
  })
  .transform(({ updated_at, ...row }): ChargerSettings => ({ ...row, updatedAt: updated_at }));
