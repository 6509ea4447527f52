/** Inclusive first address and prefix length of IPv4 networks that are nobody's public service. */
const FORBIDDEN_V4: ReadonlyArray<readonly [network: string, prefix: number, reason: string]> = [
  ["0.0.0.0", 8, "unspecified"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "carrier-grade NAT"],
  ["127.0.0.0", 8, "loopback"],
  ["168.63.129.16", 32, "metadata"],
  ["169.254.0.0", 16, "link-local"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "metadata"],
  ["192.168.0.0", 16, "private"],
  ["198.18.0.0", 15, "private"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved"],
];

const FORBIDDEN_SUFFIXES = ["localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp"];

/**
 * Why a URL of a caller's choice must not be opened by us or by a third party's device, or null when it may.
 * Looks at the host only and in every spelling the URL standard knows (0x7f000001, 017700000001, ::ffff:7f00:1,
 * a trailing dot); a name that resolves to a private address cannot be seen from here.
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
function wordsOf(address: string): number[] {
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
  const isZero = (from: number, to: number) => words.slice(from, to).every((word) => word === 0);
  if (isZero(0, 7)) return words[7] === 1 ? "loopback" : "unspecified";
  if (isZero(0, 5) && words[5] === 0xffff) return embeddedV4(words, 6);
  if (isZero(0, 6)) return embeddedV4(words, 6);
  if (first === 0x64 && second === 0xff9b) return isZero(2, 6) ? embeddedV4(words, 6) : "private";
  if (first === 0x2002) return embeddedV4(words, 1);
  if (first === 0x2001 && second === 0) return "tunnel";
  if ((first & 0xfe00) === 0xfc00) return "private";
  if ((first & 0xffc0) === 0xfe80) return "link-local";
  if ((first & 0xffc0) === 0xfec0) return "private";
  if ((first & 0xff00) === 0xff00) return "multicast";
  return null;
}

/** IPv4-mapped, IPv4-compatible, NAT64 and 6to4 addresses reach the IPv4 address they carry. */
function embeddedV4(words: number[], at: number): string | null {
  return forbiddenV4((words[at] ?? 0) * 65_536 + (words[at + 1] ?? 0));
}
