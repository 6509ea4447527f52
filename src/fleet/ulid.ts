const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 26;

/**
 * The 128 bits of a UUID in Crockford's base 32. A UUIDv7 becomes a valid ULID, because both begin with 48 bits of
 * time.
 */
export function ulidOf(uuid: string): string {
  let bits = BigInt(`0x${uuid.replaceAll("-", "")}`);
  let text = "";
  while (text.length < LENGTH) {
    text = `${CROCKFORD[Number(bits & 31n)]}${text}`;
    bits >>= 5n;
  }
  return text;
}
