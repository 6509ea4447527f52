import ipaddr from "ipaddr.js";

/**
 * What failures are counted by: an IPv4 address itself, of an IPv6 address its /64, which one customer has to himself and may
 * take any number of addresses from. Anything else as it is.
 */
export function senderNetwork(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  const prefix = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(":")}::/64`;
}
