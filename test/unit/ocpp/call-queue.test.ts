import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallQueue, QUEUE_LENGTH_MAX, type EndedCall } from "../../../src/ocpp/call-queue.ts";
import type { ErrorFrame, ResultFrame } from "../../../src/ocpp/frame.ts";

const result = (id: string): ResultFrame => ({ kind: "result", id, payload: { status: "Accepted" } });
const error = (id: string): ErrorFrame => ({
  kind: "error",
  id,
  code: "NotSupported",
  description: "no",
  details: {},
});
const call = (id: string, deadlineAt = 1000) => ({
  id,
  command: `command ${id}`,
  deadlineAt,
  sendBy: deadlineAt,
  waiter: id,
});

function queueOf(...ids: string[]) {
  const queue = new CallQueue<string, string>();
  for (const id of ids) expect(queue.enqueue(call(id))).toEqual([]);
  return queue;
}

describe("CallQueue", () => {
  it("has one call outstanding and sends the next only after its answer", () => {
    const queue = queueOf("a", "b");
    expect(queue.next(0)?.id).toBe("a");
    expect(queue.next(0)).toBeNull();
    expect(queue.settle("a", result("a"))).toEqual([
      { waiter: "a", outcome: { kind: "answered", payload: { status: "Accepted" } } },
    ]);
    expect(queue.next(0)?.id).toBe("b");
  });

  it("does not send a call that has too little time left for an answer, sends the one behind it, and ends it at its deadline", () => {
    const queue = queueOf("a");
    queue.next(0);
    queue.enqueue({ ...call("late"), sendBy: 600 });
    queue.enqueue(call("b", 5000));
    queue.settle("a", result("a"));
    expect(queue.next(600)?.id).toBe("b");
    expect(queue.expire(1000)).toEqual([{ waiter: "late", outcome: { kind: "timeout", sent: false } }]);
  });

  it("names the action under which a refused call went out", () => {
    const queue = queueOf("a");
    queue.next(0);
    queue.markSent("UnlockConnector");
    expect(queue.outstanding).toMatchObject({ id: "a", action: "UnlockConnector" });
    expect(queue.settle("a", error("a"))).toEqual([
      {
        waiter: "a",
        outcome: { kind: "stationError", code: "NotSupported", description: "no", action: "UnlockConnector" },
      },
    ]);
  });

  it.each(["b", "guessed", ""])("drops an answer that belongs to no outstanding call (%j)", (id) => {
    const queue = queueOf("a", "b");
    queue.next(0);
    expect(queue.settle(id, result(id))).toEqual([]);
    expect(queue.outstanding?.id).toBe("a");
  });

  it("drops a late answer instead of using it for the next call", () => {
    const queue = queueOf("a");
    queue.next(0);
    expect(queue.expire(1000)).toEqual([{ waiter: "a", outcome: { kind: "timeout", sent: true } }]);
    queue.enqueue(call("b", 5000));
    queue.next(1001);
    expect(queue.settle("a", result("a"))).toEqual([]);
    expect(queue.settle("b", result("b"))).toHaveLength(1);
  });

  it("never sends a call that waited past its deadline", () => {
    const queue = queueOf("a");
    queue.enqueue(call("b", 500));
    queue.enqueue(call("c", 2000));
    queue.next(0);
    queue.settle("a", result("a"));
    expect(queue.next(500)?.id).toBe("c");
    expect(queue.expire(500)).toEqual([{ waiter: "b", outcome: { kind: "timeout", sent: false } }]);
  });

  it("tells the earliest deadline, of the outstanding call or of one that waits", () => {
    const queue = new CallQueue<string, string>();
    expect(queue.nextDeadline()).toBeNull();
    queue.enqueue(call("a", 900));
    queue.enqueue(call("b", 300));
    queue.next(0);
    expect(queue.nextDeadline()).toBe(300);
    queue.expire(300);
    expect(queue.nextDeadline()).toBe(900);
  });

  it("refuses a call as busy when 32 wait, and keeps those", () => {
    const queue = queueOf(...Array.from({ length: QUEUE_LENGTH_MAX }, (_, index) => `c${index}`));
    expect(QUEUE_LENGTH_MAX).toBe(32);
    expect(queue.enqueue(call("late"))).toEqual([{ waiter: "late", outcome: { kind: "busy" } }]);
    expect(queue.length).toBe(32);
    queue.next(0);
    expect(queue.enqueue(call("fits"))).toEqual([]);
  });

  it("ends all calls when the socket is closed", () => {
    const queue = queueOf("a", "b");
    queue.next(0);
    expect(queue.drop("disconnected")).toEqual([
      { waiter: "a", outcome: { kind: "lost", sent: true, reason: "disconnected" } },
      { waiter: "b", outcome: { kind: "lost", sent: false, reason: "disconnected" } },
    ]);
    expect(queue.drop("disconnected")).toEqual([]);
    expect(queue.settle("a", result("a"))).toEqual([]);
  });

  it("sends waiting calls on a newer socket in their order and ends only the outstanding one", () => {
    const queue = queueOf("a", "b", "c");
    queue.next(0);
    expect(queue.takeover()).toEqual([
      { waiter: "a", outcome: { kind: "lost", sent: true, reason: "superseded" } },
    ]);
    expect(queue.takeover()).toEqual([]);
    expect(queue.next(0)?.id).toBe("b");
    expect(queue.settle("a", result("a"))).toEqual([]);
  });

  it("sends the further calls of one command before any other command", () => {
    const queue = queueOf("a", "b");
    queue.next(0);
    queue.settle("a", result("a"));
    queue.resume(call("a2"));
    expect(queue.next(0)?.id).toBe("a2");
  });

  it("removes a call that needs no message", () => {
    const queue = queueOf("a", "b");
    queue.next(0);
    expect(queue.release("b")).toBe(false);
    expect(queue.release("a")).toBe(true);
    expect(queue.next(0)?.id).toBe("b");
  });
});

type Step =
  | { type: "enqueue"; patience: number }
  | { type: "next" }
  | { type: "settle"; which: "outstanding" | "stale"; isError: boolean }
  | { type: "wait"; ms: number }
  | { type: "expire" }
  | { type: "drop" }
  | { type: "takeover" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("enqueue" as const),
      patience: fc.integer({ min: 0, max: 50 }),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ type: "next" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("settle" as const),
      which: fc.constantFrom("outstanding" as const, "stale" as const),
      isError: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 30 }) }),
  },
  fc.constant({ type: "expire" as const }),
  fc.constant({ type: "drop" as const }),
  fc.constant({ type: "takeover" as const }),
);

describe("CallQueue under any history", () => {
  it("keeps the order, loses nothing and settles no waiter twice", () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 200 }), (history) => {
        const queue = new CallQueue<number, number>();
        let now = 0;
        const accepted: number[] = [];
        const sent: number[] = [];
        const ended = new Map<number, EndedCall<number>["outcome"]>();
        const end = (calls: EndedCall<number>[]) => {
          for (const { waiter, outcome } of calls) {
            expect(ended.has(waiter), `waiter ${waiter} settled once`).toBe(false);
            ended.set(waiter, outcome);
          }
        };
        for (const step of history) {
          if (step.type === "enqueue") {
            const number = accepted.length;
            accepted.push(number);
            end(
              queue.enqueue({
                id: `id${number}`,
                command: number,
                deadlineAt: now + step.patience,
                sendBy: now + step.patience,
                waiter: number,
              }),
            );
          } else if (step.type === "next") {
            const call = queue.next(now);
            if (call) {
              expect(call.deadlineAt).toBeGreaterThan(now);
              sent.push(call.command);
            }
          } else if (step.type === "settle") {
            const id = step.which === "outstanding" ? (queue.outstanding?.id ?? "none") : `id${sent[0] ?? 0}`;
            end(queue.settle(id, step.isError ? error(id) : result(id)));
          } else if (step.type === "wait") now += step.ms;
          else if (step.type === "expire") end(queue.expire(now));
          else if (step.type === "drop") end(queue.drop("disconnected"));
          else end(queue.takeover());
        }
        end(queue.drop("disconnected"));
        expect([...ended.keys()].toSorted((a, b) => a - b)).toEqual(accepted);
        expect(sent).toEqual(sent.toSorted((a, b) => a - b));
        for (const [waiter, outcome] of ended) {
          const wasSent = sent.includes(waiter);
          if ("sent" in outcome) expect(outcome.sent, `sent flag of ${waiter}`).toBe(wasSent);
          else expect(wasSent).toBe(outcome.kind !== "busy");
        }
      }),
      { numRuns: 500 },
    );
  });
});
