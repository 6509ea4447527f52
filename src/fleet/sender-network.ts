import { wordsOf } from "./target-policy.ts";

const MAPPED_V4 = /^::ffff:(?=[0-9a-f]+:[0-9a-f]+$)/;

/**
 * What failures are counted by: an IPv4 address itself, of an IPv6 address its /64, which one customer has to himself and may
 * take any number of addresses from. Anything else as it is.
 */
export function senderNetwork(address: string): string {
  if (!address.includes(":") || !URL.canParse(`http://[${address}]/`)) return address;
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const words = wordsOf(host);
  if (MAPPED_V4.test(host))
    return words
      .slice(6)
      .flatMap((word) => [word >> 8, word & 0xff])
      .join(".");
  return `${words
    .slice(0, 4)
    .map((word) => word.toString(16))
    .join(":")}::/64`;
}
