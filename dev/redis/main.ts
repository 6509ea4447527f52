import { z } from "zod";
import { runPart } from "../part/run-part.ts";
import { startRedis } from "./start-redis.ts";

const RedisConfig = z.object({
  port: z.int(),
  token: z.string().min(1),
  redisUrl: z.string().optional(),
});

await runPart((config) => startRedis(RedisConfig.parse(config)));
