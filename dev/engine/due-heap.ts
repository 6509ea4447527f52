export interface Due {
  readonly dueAtMs: number;
}

/** Binary heap of items by due time, earliest first. */
export class DueHeap<Item extends Due> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (!parent || parent.dueAtMs <= item.dueAtMs) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): Item | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first !== undefined && last !== undefined && this.#items.length > 0) this.#sink(last);
    return first;
  }

  #sink(item: Item): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      const [left, right] = [items[2 * at + 1], items[2 * at + 2]];
      if (!left) break;
      const below = right && right.dueAtMs < left.dueAtMs ? 2 * at + 2 : 2 * at + 1;
      const child = items[below];
      if (!child || child.dueAtMs >= item.dueAtMs) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }
}
