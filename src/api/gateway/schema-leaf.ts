import { z } from "zod";

/** The schema a path of an issue leads to, without its optional, nullable and transforming wrappers. */
export function leafAt(
  schema: z.ZodType,
  path: ReadonlyArray<string | number>,
): { format?: string | null } | null {
  let leaf: z.core.$ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (leaf instanceof z.ZodObject) leaf = leaf.shape[part];
    else if (leaf instanceof z.ZodArray) leaf = leaf.element;
    else if (leaf instanceof z.ZodRecord) leaf = leaf.valueType;
    else return null;
    if (leaf === undefined) return null;
    leaf = unwrap(leaf);
  }
  return leaf instanceof z.ZodNumber ? { format: leaf.format } : {};
}

export function isListSchema(schema: z.core.$ZodType): boolean {
  return unwrap(schema) instanceof z.ZodArray;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.unwrap()) : schema;
}
