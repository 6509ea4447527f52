import { z } from "zod";
import type { EventType } from "../ports.ts";

/** What an event tells, for validation, the API's description and the documents. */
export interface EventDescription {
  /** When it is sent. */
  when: string;
  /** What `data` holds. */
  data: z.ZodObject;
  example: Readonly<Record<string, unknown>>;
}

const chargeBoxId = z.string();
const EXAMPLE_ID = "CHARGER-001";

/** Every event. Fields of `data` stand in the order in which they are sent; receivers must tolerate more of them. */
export const EVENT_CATALOG = {
  "charger.connected": {
    when: "A charger has opened its connection. A connection that replaces an open one is told too, and the replaced one has no event of its end.",
    data: z.strictObject({ chargeBoxId, ocppVersion: z.enum(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]) }),
    example: { chargeBoxId: EXAMPLE_ID, ocppVersion: "ocpp1.6" },
  },
  "charger.disconnected": {
    when: "The connection of a charger has ended. Code and reason are those of the WebSocket; 1006: the connection was lost.",
    data: z.strictObject({ chargeBoxId, code: z.int().nullable(), reason: z.string().nullable() }),
    example: { chargeBoxId: EXAMPLE_ID, code: 1000, reason: "bye" },
  },
} satisfies Record<EventType, EventDescription>;
