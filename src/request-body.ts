import { within } from "./within.ts";

/** Limits of one request's body. */
export interface BodyLimits {
  maxBytes: number;
  /** Time from the first read to the last byte. */
  deadlineMs: number;
  /** Whether a media type (lower case, without parameters) is accepted. A missing type always is. Default: all. */
  acceptsType?: (mediaType: string) => boolean;
}

/** The body was refused: too slow (408), too large (413), media type not accepted (415). */
export class BodyRefused extends Error {
  readonly status: 408 | 413 | 415;
  constructor(status: 408 | 413 | 415) {
    super({ 408: "Request Timeout", 413: "Request body too large", 415: "Unsupported Media Type" }[status]);
    this.status = status;
  }
}

/** Default of `BODY_DEADLINE_SECONDS`. */
export const BODY_DEADLINE_MS = 10_000;

/**
 * Reads the body of a request. Holds at most `maxBytes` and one chunk in memory, whatever Content-Length says. The
 * media type is checked only if there is a body.
 * @throws BodyRefused
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const announced = request.headers.get("content-length");
  if (Number(announced ?? 0) > limits.maxBytes) throw new BodyRefused(413);
  const typeFits = hasFittingType(request, limits);
  // Content-Length is ignored if there is a Transfer-Encoding.
  const isBounded = announced !== null && !request.headers.has("transfer-encoding");
  return isBounded && typeFits ? readWhole(request, limits) : readChunks(request.body, limits, typeFits);
}

function hasFittingType(request: Request, { acceptsType = () => true }: BodyLimits): boolean {
  const header = request.headers.get("content-type");
  if (header === null || header.trim() === "") return true;
  return acceptsType((header.split(";")[0] ?? "").trim().toLowerCase());
}

const tooSlow = () => new BodyRefused(408);

/** Reads a body whose Content-Length was checked, in one read instead of one per chunk. */
async function readWhole(
  request: Request,
  { deadlineMs, maxBytes }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await within(deadlineMs, request.arrayBuffer(), tooSlow));
  if (bytes.length > maxBytes) throw new BodyRefused(413);
  return bytes;
}

async function readChunks(
  stream: ReadableStream<Uint8Array> | null,
  limits: BodyLimits,
  typeFits: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  try {
    return await within(limits.deadlineMs, collect(reader, limits, typeFits), tooSlow);
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error;
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { maxBytes }: BodyLimits,
  typeFits: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(chunks, length);
    if (value.byteLength > 0 && !typeFits) throw new BodyRefused(415);
    length += value.byteLength;
    if (length > maxBytes) throw new BodyRefused(413);
    chunks.push(value);
  }
}

function concat(chunks: Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
