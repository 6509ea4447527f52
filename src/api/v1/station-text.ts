import { redact } from "../../ocpp/redact.ts";

/** Words of a station as an answer shows them: without secrets, and no longer than OCPP lets them be. */
export function stationText(text: string, lengthMax: number): string {
  return String(redact(text)).slice(0, lengthMax).toWellFormed();
}
