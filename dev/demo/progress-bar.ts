import type { Progress } from "./provision-fleet.ts";

const WIDTH = 40;
const PLAIN_INTERVAL_MS = 2_000;

/** Draws a bar on a terminal; writes a line every other second anywhere else. */
export function progressBar(stream: NodeJS.WriteStream): { show(progress: Progress): void; end(): void } {
  const startedAt = Date.now();
  let shownAt = 0;
  const text = ({ total, created, failed }: Progress) => {
    const filled = total === 0 ? 0 : Math.round((WIDTH * (created + failed)) / total);
    const bar = "#".repeat(filled).padEnd(WIDTH, ".");
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    return `[${bar}] ${created}/${total} ready${failed > 0 ? `, ${failed} failed` : ""}, ${seconds} s`;
  };
  return {
    show: (progress) => {
      if (stream.isTTY) {
        stream.write(`\r${text(progress)}`);
        return;
      }
      if (progress.pending > 0 && Date.now() - shownAt < PLAIN_INTERVAL_MS) return;
      shownAt = Date.now();
      stream.write(`${text(progress)}\n`);
    },
    end: () => void (stream.isTTY && stream.write("\n")),
  };
}
