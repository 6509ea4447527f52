/** WebSocket URL of an organisation, for stations that append their identity themselves. */
export function connectionBaseUrl(publicBaseUrl: string, organizationSlug: string): string {
  return `${publicBaseUrl.replace(/^http/, "ws")}/ocpp/${organizationSlug}`;
}

/** WebSocket URL of one charge point, the identity percent-encoded. */
export function connectionUrl(publicBaseUrl: string, organizationSlug: string, identity: string): string {
  return `${connectionBaseUrl(publicBaseUrl, organizationSlug)}/${encodeURIComponent(identity)}`;
}
