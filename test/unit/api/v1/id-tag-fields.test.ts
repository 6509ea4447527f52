import { describe, expect, it } from "vitest";
import { changesBody, importedTag, newTagBody } from "../../../../src/api/v1/id-tag-fields.ts";

describe("the expiry of an id tag", () => {
  const isAccepted = (expiryDate: string) =>
    [newTagBody, importedTag].every((body) => body.safeParse({ idTag: "A", expiryDate }).success) &&
    changesBody.safeParse({ expiryDate }).success;

  it.each(["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])("may be %s", (at) => {
    expect(isAccepted(at)).toBe(true);
  });

  // One such tag would end every try of the import that has it.
  it.each([
    "0000-01-01T00:00:00Z",
    "0000-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
  ])("cannot be %s, which the database does not read", (at) => {
    for (const body of [newTagBody, importedTag, changesBody]) {
      const parsed = body.safeParse({ idTag: "A", expiryDate: at });
      const issues = parsed.error?.issues.filter(({ path }) => path[0] === "expiryDate");
      expect(issues).toMatchObject([{ message: "must be in the years 1 to 9999" }]);
    }
  });
});
