import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { WebSocketServer } from "ws";

/**
 * The baseline of the message measurements: a plain Node server for stations of OCPP 1.6. It checks nothing, answers every CALL,
 * and stores message and answer in one SQLite transaction before it answers: the same promise that a session gives, WAL and
 * `synchronous = FULL` as in workerd, so that every commit waits for the disk. Heartbeats are not stored by either side. Started
 * as a process of its own with the path of its database; writes its port as a line.
 */
const [path = ":memory:"] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
database.exec(`CREATE TABLE messages (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, identity TEXT NOT NULL, message_id TEXT NOT NULL, action TEXT NOT NULL,
  message TEXT NOT NULL, answer TEXT NOT NULL)`);
const insert = database.prepare(
  "INSERT INTO messages (at_ms, identity, message_id, action, message, answer) VALUES (?, ?, ?, ?, ?, ?)",
);

let lastTransactionId = 0;

function answerTo(action: string): object {
  const idTagInfo = { status: "Accepted" };
  switch (action) {
    case "Heartbeat":
      return { currentTime: new Date().toISOString() };
    case "BootNotification":
      return { currentTime: new Date().toISOString(), interval: 300, status: "Accepted" };
    case "StartTransaction":
      return { transactionId: ++lastTransactionId, idTagInfo };
    case "StopTransaction":
      return { idTagInfo };
    default:
      return {};
  }
}

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on("connection", (socket, { url = "" }) => {
  socket.on("message", (data) => {
    const text = String(data);
    const [, id, action] = JSON.parse(text) as [2, string, string];
    const answer = JSON.stringify([3, id, answerTo(action)]);
    if (action !== "Heartbeat") insert.run(Date.now(), url, id, action, text, answer);
    socket.send(answer);
  });
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  if (address !== null && typeof address !== "string") process.stdout.write(`${address.port}\n`);
});
process.on("SIGTERM", () => process.exit(0));
