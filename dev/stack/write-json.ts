import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { z } from "zod";
import { StackError } from "./stack-error.ts";

/**
 * Replaces a file atomically, also across a power loss: a reader sees the old or the new text. Only its owner can read it.
 * @throws StackError naming the file
 */
export function writeJson(file: string, value: unknown): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true, recursive: true });
    throw new StackError(`${file} cannot be written: ${reasonOf(error)}.`);
  }
}

/** The parsed file, or undefined when it does not exist. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return JSON.parse(text);
}

/**
 * The file as its schema describes it, or undefined when it does not exist.
 * @throws StackError naming the file and the cure when it is anything else.
 */
export function readStored<T>(file: string, schema: z.ZodType<T>, cure: string): T | undefined {
  let stored: unknown;
  try {
    stored = readJson(file);
  } catch (error) {
    const isText = error instanceof SyntaxError;
    throw new StackError(
      isText ? `${file} is damaged: it is not JSON. ${cure}` : `${file} cannot be read: ${reasonOf(error)}.`,
    );
  }
  if (stored === undefined) return undefined;
  const parsed = schema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "its whole content");
  throw new StackError(`${file} is damaged: ${[...new Set(fields)].join(", ")} cannot be used. ${cure}`);
}

/** The message of an error in one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll(/\s*\n\s*/g, " ") : String(error);
}
