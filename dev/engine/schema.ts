export const schemaVersion = "1";

/**
 * `messages` holds undelivered messages: a row is deleted when its delivery was answered 2xx or its run has ended. Claims are not
 * stored (see Scheduler). `configs` holds each distinct set of trigger options once, however many runs use it.
 */
export const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE configs (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);

CREATE TABLE runs (
  pk INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  url TEXT NOT NULL,
  config_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  completed_at INTEGER,
  list_length INTEGER NOT NULL,
  list_bytes INTEGER NOT NULL,
  response TEXT,
  dlq_id TEXT,
  failure TEXT,
  undelivered TEXT
);
CREATE INDEX runs_run_id ON runs (run_id);
CREATE UNIQUE INDEX runs_live ON runs (run_id) WHERE state = 'RUN_STARTED';

CREATE TABLE run_labels (
  label TEXT NOT NULL,
  run_pk INTEGER NOT NULL,
  PRIMARY KEY (label, run_pk)
) WITHOUT ROWID;

CREATE TABLE steps (
  run_pk INTEGER NOT NULL REFERENCES runs (pk) ON DELETE CASCADE,
  idx INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (run_pk, idx)
) WITHOUT ROWID;

CREATE TABLE messages (
  pk INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  run_pk INTEGER REFERENCES runs (pk) ON DELETE CASCADE,
  idx INTEGER,
  config_id INTEGER NOT NULL,
  url TEXT NOT NULL,
  body TEXT,
  retried INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  errors TEXT
);
CREATE INDEX messages_run ON messages (run_pk);

CREATE TABLE dlq (
  pk INTEGER PRIMARY KEY,
  dlq_id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  message TEXT NOT NULL
);

CREATE TABLE dedup (
  dedup_id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
`;
