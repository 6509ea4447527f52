/** First address and prefix length of IPv4 networks that are no public service: IANA's special purposes, and a metadata host. */
const FORBIDDEN_V4: ReadonlyArray<readonly [network: string, prefix: number, reason: string]> = [
  ["0.0.0.0", 8, "unspecified"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "carrier-grade NAT"],
  ["127.0.0.0", 8, "loopback"],
  ["168.63.129.16", 32, "metadata"],
  ["169.254.0.0", 16, "link-local"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "metadata"],
  ["192.0.2.0", 24, "documentation"],
  ["192.31.196.0", 24, "sink"],
  ["192.52.193.0", 24, "tunnel"],
  ["192.88.99.0", 24, "6to4 relay"],
  ["192.168.0.0", 16, "private"],
  ["192.175.48.0", 24, "sink"],
  ["198.18.0.0", 15, "benchmark"],
  ["198.51.100.0", 24, "documentation"],
  ["203.0.113.0", 24, "documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved"],
];

/**
 * IPv6 networks inside global unicast (2000::/3) that are no public service, as the first two words and a prefix length up
 * to 32. Everything outside global unicast is refused without a list: mapped, translated, local, discard, multicast.
 */
const FORBIDDEN_V6: ReadonlyArray<readonly [first: number, second: number, prefix: number, reason: string]> =
  [
    [0x2001, 0, 23, "tunnel, benchmark or other protocol"],
    [0x2001, 0xdb8, 32, "documentation"],
    [0x2002, 0, 16, "6to4"],
    [0x3ffe, 0, 16, "retired"],
    [0x3fff, 0, 20, "documentation"],
  ];

/** Names of inner networks and of clusters. */
const INTERNAL_SUFFIXES =
  "localhost local localdomain internal intranet private corp home lan home.arpa svc cluster consul";

/** Public names of which every one resolves to an address that it spells, or to loopback. Others exist: see `ws_url_hosts`. */
const ECHOING_SUFFIXES =
  "nip.io sslip.io xip.io traefik.me localtest.me lvh.me vcap.me lacolhost.com local.gd lcl.host rbndr.us 1u.ms";

const FORBIDDEN_SUFFIXES = `${INTERNAL_SUFFIXES} ${ECHOING_SUFFIXES}`.split(" ");

/**
 * Why a URL of a caller's choice must not be opened by us or by a third party's device, or null when it may.
 * Looks at the host only and in every spelling the URL standard knows (0x7f000001, 017700000001, ::ffff:7f00:1,
 * a trailing dot): of addresses only global unicast passes. Of names that resolve to a private address only the well-known
 * can be seen from here; an organisation's list of hosts keeps out the others.
 */
export function forbiddenTarget(url: URL): string | null {
  const host = canonicalHost(url.hostname);
  if (host === null) return "unreadable";
  if (host.startsWith("[")) return forbiddenV6(wordsOf(host.slice(1, -1)));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return forbiddenV4(numberOf(host));
  const isInternal = FORBIDDEN_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
  return isInternal || !host.includes(".") ? "internal name" : null;
}

/** Whether a list names the host of a URL; `*.example.com` in it stands for every host below example.com. */
export function isListedHost(url: URL, hosts: readonly string[]): boolean {
  const host = canonicalHost(url.hostname);
  return hosts.some((entry) => {
    const listed = entry.trim().toLowerCase();
    return listed.startsWith("*.") ? host?.endsWith(listed.slice(1)) : host === listed;
  });
}

/** Schemes outside the URL standard's special ones (sftp, ftps) keep their host as written: read it again as http. */
function canonicalHost(hostname: string): string | null {
  try {
    const host = new URL(`http://${hostname}/`).hostname.replace(/\.+$/, "");
    return host === "" ? null : host;
  } catch {
    return null;
  }
}

function numberOf(address: string): number {
  return address.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}

function forbiddenV4(address: number): string | null {
  const hit = FORBIDDEN_V4.find(([network, prefix]) => {
    const size = 2 ** (32 - prefix);
    return Math.floor(address / size) === Math.floor(numberOf(network) / size);
  });
  return hit ? hit[2] : null;
}

/** The eight 16-bit words of an address in the form the URL standard serialises: no dotted part, one `::`. */
export function wordsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const parse = (text: string) =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  const front = parse(head);
  if (tail === undefined) return front;
  const back = parse(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function forbiddenV6(words: number[]): string | null {
  const [first = 0, second = 0] = words;
  if ((first & 0xe000) !== 0x2000) return "not global unicast";
  const start = first * 65_536 + second;
  const hit = FORBIDDEN_V6.find(([high, low, prefix]) => {
    const size = 2 ** (32 - prefix);
    return Math.floor(start / size) === Math.floor((high * 65_536 + low) / size);
  });
  return hit ? hit[3] : null;
}
