/** True when every package of the lockfile is installed in its version; optional ones may be absent. */
export declare function isInstalled(directory: string): boolean;
/** True for "22.13.0" and everything newer. */
export declare function isNewEnough(version: string): boolean;
/** Installs with the given npm, twice if need be; true when it succeeded. */
export declare function install(npm: (args: string[]) => boolean): boolean;
