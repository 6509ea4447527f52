const CONSTANTS = primesUpTo(311).map((prime) => fraction(Math.cbrt(prime)));
const START = primesUpTo(19).map((prime) => fraction(Math.sqrt(prime)));

/** SHA-256 (FIPS 180-4) in lower-case hex: the platform's own is asynchronous, and a step of the machine never waits. */
export function sha256(message: Uint8Array): string {
  const words = padded(message);
  const hash = Uint32Array.from(START);
  for (let at = 0; at < words.length; at += 16) addBlock(hash, words.subarray(at, at + 16));
  return [...hash].map((word) => word.toString(16).padStart(8, "0")).join("");
}

function addBlock(hash: Uint32Array, block: Uint32Array): void {
  const schedule = expanded(block);
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (const [index, constant] of CONSTANTS.entries()) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const first =
      h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + constant + word(schedule, index);
    const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) hash[index] = word(hash, index) + value;
}

function expanded(block: Uint32Array): Uint32Array {
  const schedule = new Uint32Array(64);
  schedule.set(block);
  for (let index = 16; index < 64; index++) {
    const early = word(schedule, index - 15);
    const late = word(schedule, index - 2);
    const one = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const two = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    schedule[index] = word(schedule, index - 16) + one + word(schedule, index - 7) + two;
  }
  return schedule;
}

/** The message, a one, zeros, and its length in bits, as big-endian words. */
function padded(message: Uint8Array): Uint32Array {
  const bytes = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 4, message.length * 8);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4));
}

function turned(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

function word(words: Uint32Array, index: number): number {
  return words[index] ?? 0;
}

function fraction(value: number): number {
  return Math.floor((value % 1) * 2 ** 32);
}

function primesUpTo(last: number): number[] {
  const all = Array.from({ length: last - 1 }, (_, index) => index + 2);
  return all.filter((each) => all.every((other) => other >= each || each % other !== 0));
}
