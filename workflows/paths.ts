/** Path prefix of all step routes. */
export const STEPS = "/internal/wf/";

/**
 * Paths of the runs. To rename, reorder or remove a step, add a path with a new version, and keep the old one until
 * its runs have ended.
 */
export const DISPATCH_PATH = `${STEPS}v1/dispatch`;
export const CHARGER_PATH = `${STEPS}v1/charger`;
export const SETTINGS_PATH = `${STEPS}v1/settings`;
export const EFFECTS_PATH = `${STEPS}v1/effects`;
export const TAG_EFFECTS_PATH = `${STEPS}v1/tag-effects`;
export const LOCAL_LIST_PATH = `${STEPS}v1/local-list`;
export const TAG_JOB_PATH = `${STEPS}v1/tag-job`;

/** Paths of messages that are no runs. */
export const DELIVERY_PATH = `${STEPS}v1/webhook-delivery`;
export const REPLAY_PATH = `${STEPS}v1/webhook-replay`;
