/** What Upstash documents for its plans, as far as the engine enforces it. */
export interface PlanLimits {
  retriesMax: number;
  messageBytesMax: number;
  delayMsMax: number;
  parallelismMax: number;
}

const megabyte = 1024 * 1024;
const dayMs = 86_400_000;

export type PlanName = "free" | "payg";

export const planLimits: Record<PlanName, PlanLimits> = {
  free: { retriesMax: 3, messageBytesMax: megabyte, delayMsMax: 7 * dayMs, parallelismMax: 10 },
  payg: { retriesMax: 5, messageBytesMax: 10 * megabyte, delayMsMax: 365 * dayMs, parallelismMax: 100 },
};
