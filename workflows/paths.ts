/**
 * Step routes carry a version: renaming, reordering or removing a step needs a new path, and the old one stays until
 * its runs have ended.
 */
export const DISPATCH_PATH = "/internal/wf/v1/dispatch";
export const CHARGER_PATH = "/internal/wf/v1/charger";
export const SETTINGS_PATH = "/internal/wf/v1/settings";
export const EFFECTS_PATH = "/internal/wf/v1/effects";
