/** The SDK puts this before the name of a run. */
export const RUN_ID_PREFIX = "wfr_";

/** Suffix of a repeat. Starting the same attempt twice starts one run. */
const repeat = (attempt: number) => (attempt > 0 ? `-r${attempt}` : "");

/** Names under which runs are started. They are deterministic: the engine starts one run of each name. */
export const runNames = {
  /** Dispatches the chargers of a job. */
  job: (jobId: string, attempt = 0) => `${jobId}${repeat(attempt)}`,
  /** Provisions one charger of a job; a single create has only this run, of `seq` 0. */
  charger: (jobId: string, seq: number, attempt = 0) => `${jobId}-${seq}${repeat(attempt)}`,
  /** Applies the effects of one stored change. */
  effects: (batchId: string, attempt: number) => `eff-${batchId}${repeat(attempt)}`,
  /** Tells the tag registry of one stored change. */
  tagEffects: (batchId: string, attempt: number) => `tag-${batchId}${repeat(attempt)}`,
  /** Imports id tags, or erases one. */
  tagJob: (jobId: string, attempt: number) => `tagjob-${jobId}${repeat(attempt)}`,
  /** Brings the managed local list of a charger in line. */
  localList: (chargerId: string, attempt: number) => `list-${chargerId}${repeat(attempt)}`,
  /** Brings one revision of settings to a station; with a generation, on account of that connection. */
  settings: (chargerId: string, revision: number, generation: number | null, attempt: number) =>
    `set-${chargerId}-${revision}${generation === null ? "" : `-g${generation}`}${repeat(attempt)}`,
};

/** Id that the engine gives to a run of this name. */
export function runId(name: string): string {
  return RUN_ID_PREFIX + name;
}

const CHARGER_RUN = new RegExp(`^${RUN_ID_PREFIX}[0-9a-f-]{36}-(\\d+)(?:-r\\d+)?$`);

/** Sequence number of the charger in the id of its run; null: a run of another kind. */
export function chargerSeqOf(id: string): number | null {
  const seq = CHARGER_RUN.exec(id)?.[1];
  return seq === undefined ? null : Number(seq);
}
