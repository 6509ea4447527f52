/** Every step route begins with it. */
export const STEPS = "/internal/wf/";

/**
 * Step routes carry a version: renaming, reordering or removing a step needs a new path, and the old one stays until
 * its runs have ended.
 */
export const DISPATCH_PATH = `${STEPS}v1/dispatch`;
export const CHARGER_PATH = `${STEPS}v1/charger`;
export const SETTINGS_PATH = `${STEPS}v1/settings`;
export const EFFECTS_PATH = `${STEPS}v1/effects`;
