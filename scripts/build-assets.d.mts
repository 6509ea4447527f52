/** Writes what the Worker serves as files. @param target default: `dist/assets` */
export function buildAssets(target?: string): void;
