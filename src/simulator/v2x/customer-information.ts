import { localVerdict } from "../charging/local-list.ts";
import { call } from "../line/calls.ts";
import { incomplete } from "../line/inbound.ts";
import { flagOf, integerOf, objectOf, textOf } from "../station/read.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";
import { readToken } from "./remote-control.ts";

/** Longest text of one part. */
const DATA_LENGTH_MAX = 512;
const NOTHING = "No information is stored about this customer.";

/**
 * CustomerInformation (N09, N10). A station of ours knows its customers by their tokens alone. What it clears is its authorization
 * cache: the local list belongs to the central system, and transactions are not forgotten before they are delivered.
 */
export const customerInformation: InboundHandler = (_turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  const isReport = flagOf(payload, "report") ?? false;
  const isClear = flagOf(payload, "clear") ?? false;
  if (!isReport && !isClear) return { result: { status: "Rejected" } };
  const given = [
    objectOf(payload, "idToken"),
    objectOf(payload, "customerCertificate"),
    textOf(payload, "customerIdentifier"),
  ].filter((one) => one !== undefined);
  // The customer is named in exactly one way (N09.FR.09).
  if (given.length !== 1) return { result: { status: "Invalid" } };
  const token = readToken(payload)?.idToken.toLowerCase() ?? null;
  const after = (answered: Turn) => {
    if (isReport) report(answered, requestId, token);
    if (isClear && token !== null) forget(answered, token);
  };
  return { result: { status: "Accepted" }, after };
};

function forget(turn: Turn, token: string): void {
  const { [token]: known, ...cache } = turn.state.memory.cache;
  if (known) turn.remember({ cache });
}

function report(turn: Turn, requestId: number, token: string | null): void {
  const text = (token === null ? [] : knownOf(turn, token)).join("\n") || NOTHING;
  const generatedAt = turn.now();
  const parts = Math.ceil(text.length / DATA_LENGTH_MAX);
  for (let seqNo = 0; seqNo < parts; seqNo++) {
    const data = text.slice(seqNo * DATA_LENGTH_MAX, (seqNo + 1) * DATA_LENGTH_MAX);
    const tbc = seqNo < parts - 1;
    call(
      turn,
      "NotifyCustomerInformation",
      { requestId, seqNo, generatedAt, data, tbc },
      { triggered: true },
    );
  }
}

/** One line for everything that is stored with a token, which is in lower case; the token itself is not repeated. */
function knownOf(turn: Turn, token: string): string[] {
  const { charges, reservations, cache } = turn.state.memory;
  const listed = localVerdict(turn, token);
  const cached = Object.hasOwn(cache, token) ? cache[token] : undefined;
  const isOf = (other: string) => other.toLowerCase() === token;
  return [
    ...(listed === null ? [] : [`Local authorization list: ${listed}`]),
    ...(cached ? [`Authorization cache: ${cached.status}`] : []),
    ...reservations
      .filter(({ idToken }) => isOf(idToken))
      .map(({ id, connectorId }) => `Reservation ${id} of EVSE ${connectorId}`),
    ...Object.entries(charges)
      .filter(([, { stage, token: own }]) => stage === "charging" && isOf(own.idToken))
      .map(([evseId, { id }]) => `Transaction ${id} on EVSE ${evseId}`),
  ];
}
