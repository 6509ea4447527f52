/** What a schema id such as `urn:Reset.req` stands for. */
export function parseSchemaId(id: string): { action: string; direction: "requests" | "responses" };
/** Are the modules in this directory those of the installed schemas and of the script? */
export function isCurrent(directory: string): boolean;
/** Compiles what is not current; tells whether anything had to be compiled. */
export function buildValidators(directory?: string): Promise<boolean>;
