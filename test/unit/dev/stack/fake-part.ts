/**
 * Stands in for a part of the stack. What it does is the first argument:
 * `serve` announces itself and stays; `refuse` explains itself and exits 1; `stubborn` ignores SIGTERM;
 * `brief` announces itself and dies; `once` serves at its first start and refuses at the next; `full` serves unless the
 * file named second exists, which stands for a full disk.
 */
import { existsSync, writeFileSync } from "node:fs";

const [kind = "serve", marker = ""] = process.argv.slice(2);
const announce = () => process.stdout.write('{"url":"http://127.0.0.1:1"}\n');
const stay = () => setInterval(() => {}, 60_000);

const kinds: Record<string, () => void> = {
  serve: () => {
    announce();
    process.stdin.once("end", () => process.exit(0)).resume();
    stay();
  },
  refuse: () => {
    process.stderr.write("first line\nthe reason it cannot start\n");
    process.exitCode = 1;
  },
  silent: () => void stay(),
  nonsense: () => {
    process.stdout.write("hello\n");
    stay();
  },
  stubborn: () => {
    process.on("SIGTERM", () => {});
    announce();
    stay();
  },
  brief: () => {
    process.stderr.write("about to die\n");
    announce();
    setImmediate(() => process.exit(3));
  },
  full: () => {
    if (!existsSync(marker)) return kinds["serve"]?.();
    process.stderr.write("ENOSPC: no space left on device, write\n");
    process.exitCode = 1;
  },
  once: () => {
    if (existsSync(marker)) return kinds["refuse"]?.();
    writeFileSync(marker, "");
    kinds["serve"]?.();
  },
};

kinds[kind]?.();
