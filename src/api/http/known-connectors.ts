import type { ConnectorState, SessionSnapshot } from "../../ports.ts";

const at = ({ evseId, connectorId }: Pick<ConnectorState, "evseId" | "connectorId">) =>
  `${evseId}/${connectorId}`;

/**
 * Connectors as the session sees them now. A session that was lost and made again has not heard of all of them yet: what was
 * reported before is `projected`, and stands in for those.
 */
export function knownConnectors(
  projected: readonly ConnectorState[],
  session: Pick<SessionSnapshot, "connectors">,
): ConnectorState[] {
  const seen = session.connectors.map(({ updatedAtMs, ...connector }) => ({
    ...connector,
    updatedAt: new Date(updatedAtMs),
  }));
  const all = new Map([...projected, ...seen].map((connector) => [at(connector), connector]));
  return [...all.values()].toSorted((a, b) => a.evseId - b.evseId || a.connectorId - b.connectorId);
}
