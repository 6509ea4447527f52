import ipaddr from "ipaddr.js";

/** Of IPv6, only this part is assigned to public hosts (RFC 4291, section 2.4); `ipaddr.js` lets the rest pass as unicast. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** Networks that `ipaddr.js` takes for public: the metadata host of a cloud, and the test network of the former 6bone. */
const EXCEPTIONS = {
  metadata: ipaddr.parseCIDR("168.63.129.16/32"),
  retired: ipaddr.parseCIDR("3ffe::/16"),
};

/** Ranges of `ipaddr.js` in the words of an error message; any other range is called reserved. */
const WORDS: Partial<Record<string, string>> = {
  carrierGradeNat: "carrier-grade NAT",
  linkLocal: "link-local",
  loopback: "loopback",
  multicast: "multicast",
  private: "private",
  unspecified: "unspecified",
};

/** Host names of internal networks and clusters. */
const INTERNAL_SUFFIXES =
  "localhost local localdomain internal intranet private corp home lan home.arpa svc cluster consul";

/**
 * Public domains whose names resolve to the address in the name, or to loopback. The list is not complete: see
 * `ws_url_hosts`.
 */
const ECHOING_SUFFIXES =
  "nip.io sslip.io xip.io traefik.me localtest.me lvh.me vcap.me lacolhost.com local.gd lcl.host rbndr.us 1u.ms";

const FORBIDDEN_SUFFIXES = `${INTERNAL_SUFFIXES} ${ECHOING_SUFFIXES}`.split(" ");

/**
 * Why neither Busbar nor a station may open a URL that a client gave; null: it may. Only the host is examined, in
 * every notation of the URL standard (0x7f000001, 017700000001, ::ffff:7f00:1, a trailing dot). Addresses must be
 * global unicast. Of names that resolve to private addresses only well-known ones are refused; an organisation's list
 * of hosts excludes others.
 */
export function forbiddenTarget(url: URL): string | null {
  const host = canonicalHost(url.hostname);
  if (host === null) return "unreadable";
  const literal = host.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal)) return forbiddenAddress(ipaddr.parse(literal));
  const isInternal = FORBIDDEN_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
  return isInternal || !host.includes(".") ? "internal name" : null;
}

/** Whether a list contains the host of a URL; `*.example.com` matches every host below example.com. */
export function isListedHost(url: URL, hosts: readonly string[]): boolean {
  const host = canonicalHost(url.hostname);
  return hosts.some((entry) => {
    const listed = entry.trim().toLowerCase();
    return listed.startsWith("*.") ? host?.endsWith(listed.slice(1)) : host === listed;
  });
}

/**
 * The host in canonical form. The URL standard does not normalise hosts of sftp and ftps, so the host is parsed again
 * as http.
 */
function canonicalHost(hostname: string): string | null {
  try {
    const host = new URL(`http://${hostname}/`).hostname.replace(/\.+$/, "");
    return host === "" ? null : host;
  } catch {
    return null;
  }
}

/** An IPv4 address inside an IPv6 one is no global unicast, whatever it is itself: mapped, translated or tunnelled. */
function forbiddenAddress(address: ipaddr.IPv4 | ipaddr.IPv6): string | null {
  if (address.kind() === "ipv6" && !address.match(GLOBAL_UNICAST)) return "not global unicast";
  const exception = ipaddr.subnetMatch(address, EXCEPTIONS, "none");
  if (exception !== "none") return exception;
  const range = address.range();
  return range === "unicast" ? null : (WORDS[range] ?? "reserved");
}
