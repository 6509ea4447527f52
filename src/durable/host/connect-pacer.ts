let nextSlotMs = 0;

/**
 * When the next socket of this isolate may be opened, epoch ms; each call takes one slot. A restarted fleet comes
 * back at this rate instead of at once. Nothing but a number is shared between the objects of an isolate.
 */
export function claimConnectSlot(nowMs: number, perSecond: number): number {
  if (perSecond <= 0) return nowMs;
  const slotMs = Math.max(nowMs, nextSlotMs);
  nextSlotMs = slotMs + 1_000 / perSecond;
  return slotMs;
}
