import type { Ids } from "../ports.ts";

let lastMs = 0;
let counter = 0;

/** RFC 9562 §5.7 with the 12-bit counter of §6.2 method 1: ids of one isolate grow, also within a millisecond. */
function uuidv7(): string {
  const now = Math.max(Date.now(), lastMs);
  counter = now === lastMs ? counter + 1 : 0;
  if (counter > 0xfff) {
    lastMs = now + 1;
    counter = 0;
  } else {
    lastMs = now;
  }
  const random = crypto.getRandomValues(new Uint8Array(8));
  random[0] = 0x80 | ((random[0] ?? 0) & 0x3f);
  const time = lastMs.toString(16).padStart(12, "0");
  const tail = hexOf(random);
  const version = `7${counter.toString(16).padStart(3, "0")}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export const systemIds: Ids = {
  uuid: uuidv7,
  hex: (bytes) => hexOf(crypto.getRandomValues(new Uint8Array(bytes))),
};
