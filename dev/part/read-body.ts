import type { IncomingMessage } from "node:http";

/**
 * The whole body as text, or undefined when it has more than `bytesMax` bytes. A body that is too large is read to its end, so
 * that the client receives the answer instead of a reset connection.
 */
export function readBody(req: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bytesMax) chunks.push(chunk);
      else chunks = [];
    });
    req.on("end", () => resolve(size > bytesMax ? undefined : Buffer.concat(chunks).toString("utf8")));
    req.on("error", reject);
  });
}
