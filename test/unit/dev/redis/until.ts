const DEADLINE_MS = 5_000;

/** Asks until the answer is the wanted one; after a deadline gives back the last answer, whatever it is. */
export async function until<T>(ask: () => Promise<T>, wanted: T): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer === wanted || Date.now() > deadline) return answer;
  }
}
