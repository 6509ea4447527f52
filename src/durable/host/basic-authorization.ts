const HEX = /^(?:[0-9a-fA-F]{2})+$/;

/**
 * The header with which a station logs in. 1.6 sends the bytes its hex key stands for (OCPP-J 1.6 6.2.2), 2.x the
 * key as text (A00.FR.205).
 */
export function basicAuthorization(identity: string, key: string, isHexDecoded: boolean): string {
  return `Basic ${btoa(`${identity}:${isHexDecoded && HEX.test(key) ? bytesOf(key) : key}`)}`;
}

/** One character per byte, as `btoa` reads it. */
function bytesOf(hex: string): string {
  return hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
}
