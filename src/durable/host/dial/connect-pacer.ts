/** Unused slots of so many ms may be used later, all at once: a busy isolate that is late for one does not lose its rate. */
const CATCH_UP_MS = 100;

let nextSlotMs = 0;
let nextGateMs = 0;

/**
 * When the next socket of this isolate may be opened, epoch ms; each call takes one slot. A restarted fleet comes
 * back at this rate instead of at once. Nothing but a number is shared between the objects of an isolate.
 */
export function claimConnectSlot(nowMs: number, perSecond: number): number {
  if (perSecond <= 0) return nowMs;
  const slotMs = Math.max(nowMs - CATCH_UP_MS, nextSlotMs);
  nextSlotMs = slotMs + 1_000 / perSecond;
  return Math.max(nowMs, slotMs);
}

/**
 * When a slot that has come may really be used, epoch ms. A busy isolate fires its timers late and all at once; the
 * gate keeps the rate.
 */
export function passConnectGate(nowMs: number, perSecond: number): number {
  if (perSecond <= 0) return nowMs;
  const passMs = Math.max(nowMs - CATCH_UP_MS, nextGateMs);
  nextGateMs = passMs + 1_000 / perSecond;
  return Math.max(nowMs, passMs);
}
