import { rateLimit } from "../http/rate-limit.ts";
import { requireRole } from "../http/require-role.ts";

/** Any valid credential, organisation or not. */
export const anyone = [requireRole("viewer", { tenant: false }), rateLimit()];

/** Reads in the caller's organisation. */
export const viewer = [requireRole("viewer", { tenant: true }), rateLimit()];

/** Everything that changes something in the caller's organisation. */
export const operator = [requireRole("operator", { tenant: true }), rateLimit()];
