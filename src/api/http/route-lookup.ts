import type { Result, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { TrieRouter } from "hono/router/trie-router";

/** A parameter that takes any text but a word of another path, as `:id{(?!import$)[^/]+}`. */
const EXCEPT_WORD = /\{\(\?![^{}]*\$\)\[\^\/\]\+\}/g;

/**
 * Finds the handlers of a request. One regular expression for each method finds those of a path with parameters, several times as
 * fast as a walk through a tree of all routes. The paths that were declared without parameters are left to such a tree.
 *
 * hono's own combination gives up the regular expression for all routes as soon as a word and a parameter share a place, as in
 * `POST /transactions/start` and `POST /transactions/:transactionId/stop`. Here these words are not part of the expression.
 *
 * `add` throws hono's UnsupportedPathError where two parameters with different patterns share a place, or where a word and a
 * parameter do in paths that both have parameters.
 */
export class RouteLookup<T> implements Router<T> {
  readonly name = "RouteLookup";
  readonly #words = new Set<string>();
  readonly #tree = new TrieRouter<T>();
  /** Paths with parameters, and the wildcards that cover them. */
  readonly #patterns = new RegExpRouter<T>();

  add(method: string, path: string, handler: T): void {
    this.#tree.add(method, path, handler);
    const isWord = !/[:*]/.test(path);
    if (isWord) this.#words.add(path);
    else this.#patterns.add(method, path.replaceAll(EXCEPT_WORD, ""), handler);
  }

  match(method: string, path: string): Result<T> {
    return this.#words.has(path) ? this.#tree.match(method, path) : this.#patterns.match(method, path);
  }
}
