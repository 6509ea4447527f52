let nextSlotMs = 0;
let nextGateMs = 0;

/**
 * Epoch ms at which the next socket of this isolate may be opened; each call takes one slot. It bounds the rate at which a
 * restarted fleet connects. The objects of an isolate share only this number.
 */
export function claimConnectSlot(nowMs: number, perSecond: number): number {
  if (perSecond <= 0) return nowMs;
  const slotMs = Math.max(nowMs, nextSlotMs);
  nextSlotMs = slotMs + 1_000 / perSecond;
  return slotMs;
}

/**
 * Epoch ms at which a due slot may be used. A busy isolate fires its timers late and together; this keeps the interval between
 * connections.
 */
export function passConnectGate(nowMs: number, perSecond: number): number {
  if (perSecond <= 0) return nowMs;
  const passMs = Math.max(nowMs, nextGateMs);
  nextGateMs = passMs + 1_000 / perSecond;
  return passMs;
}
