import { afterEach, expect, test, vi } from "vitest";
import { Webhook } from "standardwebhooks";
import { postWebhook } from "../../src/post-webhook.ts";
import { signatureHeaders } from "../../src/webhooks/sign-delivery.ts";

afterEach(() => vi.restoreAllMocks());

const URL = "https://hooks.example.com/";
const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/** What receivers are asked, and answer next. */
function receiver(answer: (init: RequestInit) => Promise<Response>) {
  const asked: RequestInit[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init = {}) => {
    asked.push(init);
    return answer(init);
  });
  return asked;
}

test("the runtime signs the documented example as it is documented, and the library accepts it", () => {
  const body =
    '{"event":"transaction.started","timestamp":"2026-02-06T14:30:00.000Z","data":{"transactionId":12345,"chargeBoxId":"CHARGER-001","connectorId":1,"idTag":"USER123","meterStart":1000}}';
  const id = "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2";
  expect(signatureHeaders(id, new Date(1_770_388_200_000), body, [SECRET])["webhook-signature"]).toBe(
    "v1,u0rA9FFal/ZX8mYFgkbZa7sexYwACTYZHMNnKgYge54=",
  );
  expect(new Webhook(SECRET).verify(body, signatureHeaders(id, new Date(), body, [SECRET]))).toBeTruthy();
});

test("a delivery is posted without following redirects", async () => {
  const asked = receiver(
    async () => new Response(null, { status: 302, headers: { location: "http://10.0.0.1/" } }),
  );
  expect(await postWebhook(URL, { a: "b" }, "body")).toEqual({ status: 302, retryAfter: null });
  expect(asked).toMatchObject([{ method: "POST", redirect: "manual", body: "body", headers: { a: "b" } }]);
});

test("of an endless answer the runtime reads 64 KiB and one chunk", async () => {
  let read = 0;
  let isCancelled = false;
  const chunk = new Uint8Array(16 * 1024);
  const endless = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read += chunk.length;
        controller.enqueue(chunk);
      },
      cancel: () => void (isCancelled = true),
    },
    { highWaterMark: 0 },
  );
  receiver(async () => new Response(endless, { headers: { "retry-after": "7" } }));
  expect(await postWebhook(URL, {}, "")).toEqual({ status: 200, retryAfter: "7" });
  expect(read).toBeLessThanOrEqual(64 * 1024 + 2 * chunk.length);
  expect(isCancelled).toBe(true);
});

test("a receiver that accepts and never ends its answer has accepted, after five seconds at most", async () => {
  receiver(async ({ signal }) => {
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => signal?.addEventListener("abort", () => controller.error(new Error("aborted"))),
    });
    return new Response(silent);
  });
  expect(await postWebhook(URL, {}, "")).toEqual({ status: 200, retryAfter: null });
}, 10_000);

test("a receiver that never answers is given up after five seconds", async () => {
  receiver(
    ({ signal }) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener("abort", () => reject(new Error("aborted"))),
      ),
  );
  expect(await postWebhook(URL, {}, "")).toEqual({ status: null, retryAfter: null });
}, 10_000);
