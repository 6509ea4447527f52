/** Milliseconds to wait before the retry with this number (0 for the first). */
export type DelayExpression = (retried: number) => number;

const functions: Record<string, { arity: number; apply: (...values: number[]) => number }> = {
  pow: { arity: 2, apply: Math.pow },
  sqrt: { arity: 1, apply: Math.sqrt },
  abs: { arity: 1, apply: Math.abs },
  exp: { arity: 1, apply: Math.exp },
  floor: { arity: 1, apply: Math.floor },
  ceil: { arity: 1, apply: Math.ceil },
  round: { arity: 1, apply: Math.round },
  min: { arity: 2, apply: Math.min },
  max: { arity: 2, apply: Math.max },
};

const token = /\s*(?:(\d+(?:\.\d+)?)|([a-z]+)|([-+*/(),]))/y;
const lengthMax = 256;

/**
 * Compiles an `Upstash-Retry-Delay` expression: numbers, `+ - * / ( )`, `retried` and the
 * documented functions. Throws SyntaxError for anything else.
 */
export function parseDelayExpression(text: string): DelayExpression {
  if (text.length > lengthMax) throw new SyntaxError("retry delay expression is too long");
  const parser = new Parser(tokenize(text));
  const expression = parser.sum();
  parser.expectEnd();
  return expression;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const source = text.trimEnd();
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw new SyntaxError(`unexpected character at ${at} in retry delay`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

class Parser {
  readonly #tokens: string[];
  #at = 0;

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  sum(): DelayExpression {
    let left = this.#product();
    for (let operator = this.#take("+", "-"); operator; operator = this.#take("+", "-")) {
      const [first, second, sign] = [left, this.#product(), operator === "+" ? 1 : -1];
      left = (retried) => first(retried) + sign * second(retried);
    }
    return left;
  }

  expectEnd(): void {
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new SyntaxError(`unexpected "${rest}" in retry delay`);
  }

  #product(): DelayExpression {
    let left = this.#factor();
    for (let operator = this.#take("*", "/"); operator; operator = this.#take("*", "/")) {
      const [first, second] = [left, this.#factor()];
      left =
        operator === "*"
          ? (retried) => first(retried) * second(retried)
          : (retried) => first(retried) / second(retried);
    }
    return left;
  }

  #factor(): DelayExpression {
    if (this.#take("-")) {
      const negated = this.#factor();
      return (retried) => -negated(retried);
    }
    if (this.#take("(")) {
      const inner = this.sum();
      this.#expect(")");
      return inner;
    }
    const word = this.#tokens[this.#at++];
    if (word === undefined) throw new SyntaxError("retry delay ends too early");
    if (word === "retried") return (retried) => retried;
    if (/^\d/.test(word)) return () => Number(word);
    return this.#call(word);
  }

  #call(name: string): DelayExpression {
    const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (!called) throw new SyntaxError(`unknown name "${name}" in retry delay`);
    this.#expect("(");
    const values = [this.sum()];
    while (this.#take(",")) values.push(this.sum());
    this.#expect(")");
    if (values.length !== called.arity) throw new SyntaxError(`${name} takes ${called.arity} arguments`);
    return (retried) => called.apply(...values.map((value) => value(retried)));
  }

  #take(...wanted: string[]): string | undefined {
    const next = this.#tokens[this.#at];
    if (next === undefined || !wanted.includes(next)) return undefined;
    this.#at++;
    return next;
  }

  #expect(wanted: string): void {
    if (!this.#take(wanted)) throw new SyntaxError(`"${wanted}" is missing in retry delay`);
  }
}
