import type { Ids } from "../ports.ts";

const BLOCK_BYTES = 8192;

let lastMs = 0;
let counter = 0;
let timePartMs = -1;
let timePartText = "";
let block = new Uint8Array(0);
let used = 0;

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
  const count = `${HEX[0x70 | (counter >> 8)]}${HEX[counter & 0xff]}`;
  const variant = HEX[0x80 | (nextByte() & 0x3f)];
  return `${timePart(lastMs)}-${count}-${variant}${hex(1)}-${hex(6)}`;
}

function timePart(ms: number): string {
  if (ms !== timePartMs) {
    const text = ms.toString(16).padStart(12, "0");
    timePartText = `${text.slice(0, 8)}-${text.slice(8)}`;
    timePartMs = ms;
  }
  return timePartText;
}

function hex(bytes: number): string {
  let text = "";
  for (let count = 0; count < bytes; count += 1) text += HEX[nextByte()];
  return text;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A call of the generator costs more than the bytes. First drawn inside a request: module scope has no randomness. */
function nextByte(): number {
  if (used === block.length) {
    block = crypto.getRandomValues(new Uint8Array(BLOCK_BYTES));
    used = 0;
  }
  const byte = block[used] ?? 0;
  block[used] = 0;
  used += 1;
  return byte;
}

/** Ids and random values of the runtime. */
export const systemIds: Ids = { uuid: uuidv7, hex };

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID_LENGTH = 26;

/**
 * The 128 bits of a UUID in Crockford's base 32. A UUIDv7 becomes a valid ULID, because both begin with 48 bits of
 * time.
 */
export function ulidOf(uuid: string): string {
  let bits = BigInt(`0x${uuid.replaceAll("-", "")}`);
  let text = "";
  while (text.length < ULID_LENGTH) {
    text = `${CROCKFORD[Number(bits & 31n)]}${text}`;
    bits >>= 5n;
  }
  return text;
}
