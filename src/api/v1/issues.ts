import type { core } from "zod";
import type { RequestPart } from "../operation/operation.ts";

/** One finding in a request, as `error.issues` lists it. */
export interface Issue {
  location: RequestPart;
  path: Array<string | number>;
  code: string;
  message: string;
}

/** One refusal: the status, what goes under `error`, and the headers that belong to it. */
export interface V1Refusal {
  status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 410 | 413 | 415 | 422 | 426 | 429 | 500 | 502 | 503 | 504;
  code: string;
  message: string;
  extra?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** @param input the validated value; shows whether a field is missing or has the wrong type */
export function issuesOf(location: RequestPart, input: unknown, found: readonly core.$ZodIssue[]): Issue[] {
  return found.flatMap((issue) => issuesOfOne(location, input, issue));
}

function issuesOfOne(location: RequestPart, input: unknown, issue: core.$ZodIssue): Issue[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      location,
      path: [...path, key],
      code: "unrecognized_key",
      message: `Unknown field ${key}`,
    }));
  }
  const field = path.length === 0 ? `Request ${location}` : path.join(".");
  if (path.length > 0 && valueAt(input, path) === undefined)
    return [{ location, path, code: "required", message: `${field} is required` }];
  const code = issue.code === "custom" ? String(issue.params?.["code"] ?? "custom") : issue.code;
  return [{ location, path, code, message: `${field} ${complaint(issue)}` }];
}

function valueAt(input: unknown, path: Array<string | number>): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

/** The end of a message. Issues of patterns and custom rules carry their own text ("must be …"). */
function complaint(issue: core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${ARTICLES[issue.expected] ?? `a ${issue.expected}`}`;
    case "invalid_value":
      return `must be one of: ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must ${bound("at least", issue.minimum, issue.origin)}`;
    case "too_big":
      return `must ${bound("at most", issue.maximum, issue.origin)}`;
    case "invalid_format":
    case "custom":
      return issue.message;
    default:
      return "is not valid";
  }
}

const ARTICLES: Record<string, string> = {
  int: "an integer",
  object: "an object",
  array: "a list",
  number: "a number",
};

function bound(relation: string, limit: number | bigint, origin: string): string {
  if (origin === "string") return `have ${relation} ${limit} character${limit === 1 ? "" : "s"}`;
  if (origin === "array") return `have ${relation} ${limit} item${limit === 1 ? "" : "s"}`;
  return `be ${relation} ${limit}`;
}
