import type { Env } from "../env.ts";
import { Limited, Unavailable } from "../errors.ts";
import type { LineRequest, LiveLines, StoredEvent } from "../ports.ts";
import { LINE_HEADER, LINES_MAX, type EventsLive } from "./live/events-live.ts";
import { reach } from "./reach.ts";

const OPEN_TIMEOUT_MS = 10_000;
const TELL_TIMEOUT_MS = 5000;

type Binding = Pick<Env, "EVENTS_LIVE">;

interface Stub {
  fetch(request: Request): Promise<Response>;
  told(...args: Parameters<EventsLive["told"]>): Promise<void>;
}

/** Live lines, in `EventsLive` objects. */
export function durableLiveLines(env: Binding): LiveLines {
  const stubOf = (organizationId: string) => env.EVENTS_LIVE.getByName(organizationId) as unknown as Stub;
  const tell = (organizationId: string, id: string | null) =>
    reach(TELL_TIMEOUT_MS, () => stubOf(organizationId).told(organizationId, id), { repeats: true });
  return {
    open: (upgrade, line) => open(stubOf(line.organizationId), upgrade, line),

    told(events) {
      for (const { organizationId, id } of lastOfEach(events))
        tell(organizationId, id).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : "unknown";
          console.warn(JSON.stringify({ event: "live.notTold", organizationId, reason }));
        });
    },

    wake: (organizationId) => tell(organizationId, null),
  };
}

async function open(stub: Stub, upgrade: Request, line: LineRequest): Promise<Response> {
  const headers = { upgrade: "websocket", [LINE_HEADER]: JSON.stringify(line) };
  const call = () => stub.fetch(new Request(new URL("/", upgrade.url), { headers }));
  const { status, webSocket } = await reach(OPEN_TIMEOUT_MS, call, { repeats: true });
  if (status === 429) throw new Limited(`The organization has ${LINES_MAX} live lines already`, null);
  if (status !== 101 || !webSocket) throw new Unavailable("The live line could not be opened");
  return new Response(null, { status: 101, webSocket });
}

/** Events of one statement become readable together: the last one stands for all. */
function lastOfEach(events: readonly StoredEvent[]): StoredEvent[] {
  const live = events.filter(({ isLive }) => isLive);
  return [...new Map(live.map((event) => [event.organizationId, event])).values()];
}
