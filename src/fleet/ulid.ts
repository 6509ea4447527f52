const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 26;

/** The 128 bits of a UUID in Crockford's base 32: of a UUIDv7 a ULID, whose first 48 bits are the time as well. */
export function ulidOf(uuid: string): string {
  let bits = BigInt(`0x${uuid.replaceAll("-", "")}`);
  let text = "";
  while (text.length < LENGTH) {
    text = `${CROCKFORD[Number(bits & 31n)]}${text}`;
    bits >>= 5n;
  }
  return text;
}
