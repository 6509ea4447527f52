/**
 * Base of the errors that verbs and ports throw. They know nothing of HTTP; each API surface maps them to its
 * answers. A refusal by a station is a value, not an error.
 */
export class DomainError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No credential, or an invalid one. */
export class Unauthenticated extends DomainError {}

export type ForbiddenReason =
  | "role"
  | "organizationRequired"
  | "organizationNotAllowed"
  | "organizationUnknown"
  | "guarded";

/** The caller is known and may not do this; `reason` says why. */
export class Forbidden extends DomainError {
  readonly reason: ForbiddenReason;
  constructor(reason: ForbiddenReason, message = "Insufficient permissions or missing required claims") {
    super(message);
    this.reason = reason;
  }
}

export type ThingName =
  | "Charger"
  | "Location"
  | "Job"
  | "Brand"
  | "Model"
  | "Route"
  | "API key"
  | "Organization"
  | "Reservation"
  | "Transaction"
  | "Id Tag"
  | "Id Tag job"
  | "Report"
  | "Webhook";

/** Unknown, or of another organisation: the two are indistinguishable on purpose. */
export class NotFound extends DomainError {
  readonly thing: ThingName;
  readonly id: string | null;
  constructor(thing: ThingName, id: string | null = null) {
    super(`${thing} not found`);
    this.thing = thing;
    this.id = id;
  }
}

/** A well-formed request that is refused: an unknown slug, a forbidden target, a row that cannot take the change. */
export class Policy extends DomainError {}

/** The request contradicts the current state, for instance an identity that exists. */
export class Conflict extends DomainError {}

/** Events behind a cursor are not kept any more. `oldest`: the first that is; null: there is none. */
export class CursorExpired extends DomainError {
  readonly oldest: { id: string; at: Date } | null;
  constructor(oldest: { id: string; at: Date } | null) {
    super("The cursor is unknown or too old: read the present state, then go on without `after`");
    this.oldest = oldest;
  }
}

/** The Idempotency-Key was used with another body. */
export class IdempotencyMismatch extends DomainError {}

/** The first request with this Idempotency-Key is still running. */
export class IdempotencyInFlight extends DomainError {}

/** The path serves WebSocket upgrades only. */
export class UpgradeRequired extends DomainError {}

/** Too many requests or things. `retryAfterSeconds`: when to try again; null: not known. */
export class Limited extends DomainError {
  readonly retryAfterSeconds: number | null;
  constructor(message: string, retryAfterSeconds: number | null) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A limit of the organisation is reached. */
export class LimitReached extends Limited {}

/** A dependency did not answer. Nothing was stored, and nothing will be. */
export class Unavailable extends DomainError {}

/**
 * A dependency did not answer, and something was stored or may be. The message says what and is shown to the client.
 */
export class MaybeStored extends Unavailable {
  constructor(
    message = "The database did not tell whether it stored this request; if it has not, it never will",
    options?: ErrorOptions,
  ) {
    super(`Service temporarily unavailable. ${message}`, options);
  }
}

/** A stored row does not match its schema in this version. */
export class UnreadableRow extends DomainError {
  constructor(thing: string, id: string, options?: ErrorOptions) {
    super(`The row of ${thing} ${id} cannot be read`, options);
  }
}
