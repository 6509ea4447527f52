/** The system packages are chosen for, in npm's words. */
export interface Host {
  os: string;
  cpu: string;
  libc: string | undefined;
}

/** Paths of the lockfile's packages that are not installed as it says; optional ones of other systems may be absent. */
export declare function missingPackages(directory: string, host?: Host): string[];
/** True for "22.13.0" and everything newer. */
export declare function isNewEnough(version: string): boolean;
/** Installs with the given npm, twice if need be; true when it succeeded. */
export declare function install(npm: (args: string[]) => boolean | Promise<boolean>): Promise<boolean>;
