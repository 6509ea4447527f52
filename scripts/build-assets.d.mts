/** Writes the files that the Worker serves. @param target default: `dist/assets` */
export function buildAssets(target?: string): void;
