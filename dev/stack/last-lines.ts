/** The newest lines of a part's output, for the message when it dies. */
export class LastLines {
  readonly #lines: string[] = [];
  readonly #linesMax: number;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#linesMax) this.#lines.shift();
  }

  toString(): string {
    return this.#lines.join("\n");
  }
}
