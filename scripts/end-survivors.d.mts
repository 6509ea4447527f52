/** Ends what still runs with NAME=VALUE in its environment; one line per process that had to be ended. */
export declare function endSurvivors(name: string, value: string): Promise<string[]>;
