import ipaddr from "ipaddr.js";

/**
 * Key for counting failures of a client address: an IPv4 address itself, the /64 of an IPv6 address, because one
 * customer usually has a whole /64. Other texts are returned unchanged.
 */
export function senderNetwork(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  const prefix = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(":")}::/64`;
}
