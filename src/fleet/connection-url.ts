/** Where an organisation's charge points connect; stations that append their identity themselves take it as it is. */
export function connectionBaseUrl(publicBaseUrl: string, organizationSlug: string): string {
  return `${publicBaseUrl.replace(/^http/, "ws")}/ocpp/${organizationSlug}`;
}

export function connectionUrl(publicBaseUrl: string, organizationSlug: string, identity: string): string {
  return `${connectionBaseUrl(publicBaseUrl, organizationSlug)}/${encodeURIComponent(identity)}`;
}
