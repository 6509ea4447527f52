const loopbackHosts = ["127.0.0.1", "localhost", "[::1]"];

/** Tells whether a message may be sent to a URL: the given origins, or loopback without any. */
export function destinationRule(allowedOrigins: string[] | undefined): (url: string) => boolean {
  return (url) => {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname, origin } = new URL(url);
    if (protocol !== "http:" && protocol !== "https:") return false;
    return allowedOrigins ? allowedOrigins.includes(origin) : loopbackHosts.includes(hostname);
  };
}
