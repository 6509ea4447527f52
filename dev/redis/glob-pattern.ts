/** The pattern language of Redis, `*`, `?`, `[a-z]`, `[^a]` and `\` as escape, as a regular expression. */
export function globPattern(glob: string): RegExp {
  const source = glob.replaceAll(
    /\\(.)|\[(\^?)((?:\\.|[^\]])*)\]|[\s\S]/g,
    (part, escaped, negation, characters) => {
      if (escaped !== undefined) return quote(escaped);
      if (characters !== undefined) return `[${negation}${characters.replaceAll(/[[\]^]/g, "\\$&")}]`;
      if (part === "*") return "[\\s\\S]*";
      if (part === "?") return "[\\s\\S]";
      return quote(part);
    },
  );
  return new RegExp(`^${source}$`);
}

function quote(character: string): string {
  return character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
