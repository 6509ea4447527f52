/** Kills the processes that run with NAME=VALUE in their environment. Returns one line per killed process. */
export declare function endSurvivors(name: string, value: string): Promise<string[]>;
