/**
 * Starts the command itself, and beside it a shell that waits for the end of stdin and then ends the whole group. The
 * supervisor holds the other end of stdin and never writes: it closes when the supervisor is gone, also by kill -9.
 * The shell keeps none of the command's pipes, and once the command has ended it ends nothing but itself.
 */
const LEASH = `exec 9<&0
(exec 0</dev/null 1>/dev/null 2>&1 3>&-; read -r _ <&9; kill -9 0) &
exec 9<&-
exec "$@"`;

/** The command line under which a program that does not watch its parent ends with it. */
export function leashed({
  command,
  args,
}: {
  command: string;
  args: readonly string[];
}): [string, readonly string[]] {
  if (process.platform === "win32") return [command, args];
  return ["/bin/sh", ["-c", LEASH, "sh", command, ...args]];
}
