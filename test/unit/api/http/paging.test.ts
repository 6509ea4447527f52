import { expect, it } from "vitest";
import { pageLinks } from "../../../../src/api/http/paging.ts";

it("links lead to the first, previous, next and last page and keep the other parameters", () => {
  const links = pageLinks(
    "https://busbar.test/ocpp/chargers?location_id=a&page=2&limit=10",
    { page: 2, limit: 10 },
    35,
  );
  const target = (page: number) => `</ocpp/chargers?location_id=a&page=${page}&limit=10>`;
  expect(links).toBe(
    `${target(1)}; rel="first", ${target(1)}; rel="prev", ${target(3)}; rel="next", ${target(4)}; rel="last"`,
  );
});

it("a query of 300 ids gets no links, because their header would be longer than clients accept", () => {
  const ids = Array.from({ length: 300 }, () => `charger_ids=${crypto.randomUUID()}`).join("&");
  const url = `https://busbar.test/ocpp/locations/a/chargers?${ids}`;
  expect(pageLinks(url, { page: 1, limit: 50 }, 300)).toBeUndefined();
});
