const FRAME_BYTES_MAX = 1024 * 1024;
/** UTF-8 bytes per UTF-16 code unit at most. */
const BYTES_PER_UNIT_MAX = 3;

export function isTooBig(message: string): boolean {
  if (message.length > FRAME_BYTES_MAX) return true;
  if (message.length * BYTES_PER_UNIT_MAX <= FRAME_BYTES_MAX) return false;
  return new TextEncoder().encode(message).length > FRAME_BYTES_MAX;
}
