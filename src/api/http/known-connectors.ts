import type { ConnectorState, SessionSnapshot } from "../../ports.ts";

const at = ({ evseId, connectorId }: Pick<ConnectorState, "evseId" | "connectorId">) =>
  `${evseId}/${connectorId}`;

/**
 * Connectors of the session, completed by those of the row in Postgres (`projected`): a session that lost its storage knows
 * only the connectors that have reported since.
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
