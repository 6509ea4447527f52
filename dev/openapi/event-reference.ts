import { EVENT_CATALOG } from "../../src/events/catalog.ts";

const BEGIN = "<!-- Written by `npm run openapi` from src/events/catalog.ts. -->";
const END = "<!-- End of what is written. -->";

/** The page of events with its reference as the catalogue has it now. @throws Error: the page has no place for it */
export function withEventReference(page: string): string {
  const [head, rest = ""] = page.split(`${BEGIN}\n`);
  const [, tail] = rest.split(`${END}\n`);
  if (tail === undefined) throw new Error("docs/events.md has lost the comments around its reference");
  const sections = Object.entries(EVENT_CATALOG).map(([name, { when, example }]) => {
    const data = JSON.stringify(example, null, 2);
    return `### ${name}\n\n${when}\n\n\`\`\`json\n${data}\n\`\`\`\n`;
  });
  return `${head}${BEGIN}\n\n${sections.join("\n")}\n${END}\n${tail}`;
}
