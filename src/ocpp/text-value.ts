/** A whole number of a configuration value; null: it is none. */
export function wholeNumberOf(text: string | null): number | null {
  return text !== null && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : null;
}

/** A boolean of a configuration value; null: it is none. */
export function flagOf(text: string | null): boolean | null {
  const word = text?.trim().toLowerCase();
  if (word === "true") return true;
  return word === "false" ? false : null;
}
