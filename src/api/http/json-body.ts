import { findJsonError } from "./json-error.ts";

export interface JsonBodyOptions {
  maxBytes: number;
  /** From the first read to the last byte. Default: 10 s. */
  deadlineMs?: number;
  /** Lower-case media type without parameters → accepted? Default: `application/json` and any `+json`. */
  acceptsType?: (mediaType: string) => boolean;
}

export type JsonBody = { kind: "empty" } | { kind: "json"; value: unknown };

/** The body was not taken: too slow (408), too large (413), not JSON by its type (415). */
export class BodyRefused extends Error {
  readonly status: 408 | 413 | 415;
  constructor(status: 408 | 413 | 415) {
    super({ 408: "Request Timeout", 413: "Request body too large", 415: "Unsupported Media Type" }[status]);
    this.status = status;
  }
}

/** The body is not JSON. `offset` counts characters from the start of the text. */
export class MalformedJson extends Error {
  readonly offset: number;
  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

const DEADLINE_MS = 10_000;
/** Keeps nothing from one text to the next. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

const isJsonType = (mediaType: string) =>
  mediaType === "application/json" || /^[^/\s]+\/[^/\s]+\+json$/.test(mediaType);

/**
 * Reads a request's body once. Never holds more than `maxBytes` (plus one chunk) in memory.
 * A missing Content-Type passes; another type is refused only when there is a body at all.
 * @throws BodyRefused, MalformedJson
 */
export async function readJsonBody(request: Request, options: JsonBodyOptions): Promise<JsonBody> {
  const announced = request.headers.get("content-length");
  if (Number(announced ?? 0) > options.maxBytes) throw new BodyRefused(413);
  const typeFits = hasFittingType(request, options);
  const bytes =
    announced !== null && typeFits
      ? await readWhole(request, options)
      : await readAll(request.body, options, typeFits);
  if (bytes.length === 0) return { kind: "empty" };
  return { kind: "json", value: parseJson(bytes) };
}

function hasFittingType(request: Request, { acceptsType = isJsonType }: JsonBodyOptions): boolean {
  const header = request.headers.get("content-type");
  if (header === null || header.trim() === "") return true;
  return acceptsType((header.split(";")[0] ?? "").trim().toLowerCase());
}

/** A body whose announced length was checked: one read instead of one for every chunk. */
async function readWhole(request: Request, { deadlineMs, maxBytes }: JsonBodyOptions): Promise<Uint8Array> {
  const deadline = deadlineAfter(deadlineMs ?? DEADLINE_MS);
  try {
    const bytes = new Uint8Array(await Promise.race([request.arrayBuffer(), deadline.passed]));
    if (bytes.length > maxBytes) throw new BodyRefused(413);
    return bytes;
  } finally {
    deadline.clear();
  }
}

async function readAll(
  stream: ReadableStream<Uint8Array> | null,
  options: JsonBodyOptions,
  typeFits: boolean,
): Promise<Uint8Array> {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  const deadline = deadlineAfter(options.deadlineMs ?? DEADLINE_MS);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), deadline.passed]);
      if (done) return concat(chunks, length);
      if (value.byteLength > 0 && !typeFits) throw new BodyRefused(415);
      length += value.byteLength;
      if (length > options.maxBytes) throw new BodyRefused(413);
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error;
  } finally {
    deadline.clear();
  }
}

function deadlineAfter(ms: number): { passed: Promise<never>; clear(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BodyRefused(408)), ms);
  });
  return { passed, clear: () => timer && clearTimeout(timer) };
}

function concat(chunks: Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  try {
    return JSON.parse(text);
  } catch {
    const { offset, reason } = findJsonError(text);
    throw new MalformedJson(offset, reason);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedJson(0, "Invalid UTF-8");
  }
}
