import type { Statement } from "./executor.ts";
import type { Prepared } from "./statement-cache.ts";

const PARSE = 0x50;
const CLOSE = 0x43;
const BIND = 0x42;
const DESCRIBE = 0x44;
const EXECUTE = 0x45;
const SYNC = 0x53;
const QUERY = 0x51;

/** Bytes of Parse, Close, Bind, Describe and Execute without query, parameters and names. */
const STATEMENT_OVERHEAD_BYTES = 9 + 7 + 13 + 7 + 10;
const SYNC_BYTES = 5;

// A statement that wants COPY data would wait for it forever. Outside of a COPY the message is ignored.
const copyFail = Buffer.from("f\0\0\0\x05\0", "latin1");

/**
 * The frontend messages that run the statements in one go, ended by one Sync
 * (PostgreSQL protocol 3, extended query). Types are inferred, values are text.
 */
export function encodeStatements(statements: (Statement & Partial<Prepared>)[]): Buffer {
  const byteLengths = statements.map(parameterByteLengths);
  let size = copyFail.length + SYNC_BYTES;
  statements.forEach((statement, index) => {
    size += STATEMENT_OVERHEAD_BYTES + Buffer.byteLength(statement.query);
    size += 2 * (statement.name ?? "").length + (statement.closes ?? "").length;
    for (const length of byteLengths[index] ?? []) size += 4 + Math.max(length, 0);
  });
  const buffer = Buffer.allocUnsafe(size);
  let offset = 0;
  statements.forEach((statement, index) => {
    const { name = "", isNew = true, closes = null } = statement;
    if (closes !== null) offset = writeClose(buffer, offset, closes);
    if (isNew) offset = writeParse(buffer, offset, name, statement.query);
    offset = writeBind(buffer, offset, name, statement.params, byteLengths[index] ?? []);
    offset = writeDescribeAndExecute(buffer, offset);
  });
  offset += copyFail.copy(buffer, offset);
  buffer[offset] = SYNC;
  buffer.writeInt32BE(4, offset + 1);
  return buffer.subarray(0, offset + SYNC_BYTES);
}

/** The simple query message: any number of statements, no parameters. */
export function encodeSimpleQuery(sqlText: string): Buffer {
  const textBytes = Buffer.byteLength(sqlText);
  const buffer = Buffer.alloc(6 + textBytes + copyFail.length);
  buffer[0] = QUERY;
  buffer.writeInt32BE(5 + textBytes, 1);
  buffer.write(sqlText, 5);
  copyFail.copy(buffer, 6 + textBytes);
  return buffer;
}

function parameterByteLengths(statement: Statement): number[] {
  return statement.params.map((param) => (param === null ? -1 : Buffer.byteLength(param)));
}

function writeClose(buffer: Buffer, start: number, name: string): number {
  buffer[start] = CLOSE;
  let offset = start + 5;
  offset += buffer.write(`S${name}\0`, offset);
  buffer.writeInt32BE(offset - start - 1, start + 1);
  return offset;
}

function writeParse(buffer: Buffer, start: number, name: string, query: string): number {
  buffer[start] = PARSE;
  let offset = start + 5;
  offset += buffer.write(`${name}\0`, offset);
  offset += buffer.write(query, offset);
  offset = buffer.writeUInt8(0, offset);
  offset = buffer.writeInt16BE(0, offset);
  buffer.writeInt32BE(offset - start - 1, start + 1);
  return offset;
}

function writeBind(
  buffer: Buffer,
  start: number,
  name: string,
  params: (string | null)[],
  lengths: number[],
): number {
  buffer[start] = BIND;
  // Unnamed portal, no format codes: every value is text.
  let offset = start + 5;
  offset += buffer.write(`\0${name}\0`, offset);
  offset = buffer.writeInt16BE(0, offset);
  offset = buffer.writeUInt16BE(params.length, offset);
  params.forEach((param, index) => {
    offset = buffer.writeInt32BE(lengths[index] ?? -1, offset);
    if (param !== null) offset += buffer.write(param, offset);
  });
  offset = buffer.writeInt16BE(0, offset);
  buffer.writeInt32BE(offset - start - 1, start + 1);
  return offset;
}

function writeDescribeAndExecute(buffer: Buffer, start: number): number {
  buffer[start] = DESCRIBE;
  buffer.writeInt32BE(6, start + 1);
  buffer.write("P\0", start + 5);
  const execute = start + 7;
  buffer[execute] = EXECUTE;
  buffer.writeInt32BE(9, execute + 1);
  buffer[execute + 5] = 0;
  return buffer.writeInt32BE(0, execute + 6);
}
