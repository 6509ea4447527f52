/** The CN of a distinguished name; null: none or several. */
export function commonName(distinguishedName: string): string | null {
  const names = attributesOf(distinguishedName).flatMap((attribute) => {
    const [, value] = /^\s*CN\s*=\s*(.*)$/is.exec(attribute) ?? [];
    return value === undefined ? [] : [unescaped(value)];
  });
  const [name] = names;
  return names.length === 1 && name ? name : null;
}

/** Splits at commas, plus signs and semicolons that are neither escaped nor quoted (RFC 2253). */
function attributesOf(distinguishedName: string): string[] {
  return distinguishedName.match(/(?:\\.|"(?:\\.|[^"\\])*"|[^,;+\\"])+/gs) ?? [];
}

function unescaped(value: string): string {
  const [, quoted] = /^"(.*)"\s*$/s.exec(value) ?? [];
  const text = quoted ?? value.replace(/(?<!\\)\s+$/, "");
  return text.replaceAll(/\\([0-9a-f]{2}|.)/gis, (_escape, what: string) =>
    what.length === 2 ? String.fromCharCode(Number.parseInt(what, 16)) : what,
  );
}
