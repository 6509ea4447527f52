/** Drops the ExperimentalWarning of node:sqlite and no other; call before that module loads. */
export function silenceSqliteWarning(): void {
  const emitWarning = process.emitWarning.bind(process);
  const filtered = (warning: string | Error, ...rest: unknown[]) => {
    const text = warning instanceof Error ? warning.message : warning;
    const isExperimental = rest[0] === "ExperimentalWarning";
    if (isExperimental && /SQLite/.test(text)) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  process.emitWarning = filtered;
}
