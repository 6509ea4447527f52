import { TrieRouter } from "hono/router/trie-router";
import { expect, it } from "vitest";
import { RouteLookup } from "../../../../src/api/http/route-lookup.ts";

const routes: ReadonlyArray<readonly [string, string]> = [
  ["ALL", "*"],
  ["ALL", "/api/*"],
  ["POST", "/api/transactions/start"],
  ["POST", "/api/transactions/:id/stop"],
  ["GET", "/api/transactions/:id"],
  ["POST", "/api/tags/import"],
  ["GET", "/api/tags/:tag{(?!import$)[^/]+}"],
  ["GET", "/healthz"],
];

const handlersOf = (router: RouteLookup<string> | TrieRouter<string>, method: string, path: string) => {
  const [handlers, captured] = router.match(method, path);
  return handlers.map(([handler, parameters]) => [
    handler,
    Object.fromEntries(
      Object.entries(parameters).map(([name, at]) => [name, typeof at === "number" ? captured?.[at] : at]),
    ),
  ]);
};

it.each([
  ["GET", "/healthz"],
  ["POST", "/api/transactions/start"],
  ["POST", "/api/transactions/17/stop"],
  ["GET", "/api/transactions/17"],
  ["GET", "/api/transactions/start"],
  ["GET", "/api/tags/tag_1"],
  ["GET", "/api/tags/%20"],
  ["POST", "/api/tags/import"],
  ["GET", "/api/tags/import"],
  ["GET", "/api/tags/imported"],
  ["DELETE", "/api/transactions/17"],
  ["PROPFIND", "/api/transactions/start"],
  ["GET", "/nowhere"],
])(
  "%s %s finds the handlers and parameters that a tree of all routes finds, in their order",
  (method, path) => {
    const lookup = new RouteLookup<string>();
    const tree = new TrieRouter<string>();
    for (const [verb, pattern] of routes)
      for (const router of [lookup, tree]) router.add(verb, pattern, `${verb} ${pattern}`);
    expect(handlersOf(lookup, method, path)).toEqual(handlersOf(tree, method, path));
  },
);
