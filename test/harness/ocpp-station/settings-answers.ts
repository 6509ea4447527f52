import { z } from "zod";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Answer } from "./settings-station.ts";

/** The configuration of a station, which writes change. */
export type Values = Record<string, string>;

const variables = z.array(
  z.object({
    component: z.object({ name: z.string() }),
    variable: z.object({ name: z.string(), instance: z.string().optional() }),
    attributeValue: z.string().optional(),
  }),
);
type Variable = z.infer<typeof variables>[number];

const keyOf = ({ component, variable: { name, instance } }: Variable) =>
  `${component.name}.${name}${instance === undefined ? "" : `[${instance}]`}`;

const accepted: Answer = () => ({ status: "Accepted" });

/** The answers of a station that accepts everything and reports `limitA` as its composite schedule. */
export function takingAnswers(version: OcppVersion, values: Values, limitA: number): Record<string, Answer> {
  const profiles = { SetChargingProfile: accepted, ClearChargingProfile: accepted };
  const period = { startPeriod: 0, limit: limitA, numberPhases: 3 };
  const schedule = { chargingRateUnit: "A", chargingSchedulePeriod: [period] };
  return version === "ocpp1.6"
    ? { ...profiles, ...answers16(values), GetCompositeSchedule: composite16(schedule) }
    : { ...profiles, ...answers2x(values), GetCompositeSchedule: composite2x(schedule) };
}

function answers16(values: Values): Record<string, Answer> {
  return {
    GetConfiguration: ({ key }) => {
      const keys = z.array(z.string()).parse(key);
      return {
        configurationKey: keys.flatMap((name) =>
          values[name] === undefined ? [] : [{ key: name, readonly: false, value: values[name] }],
        ),
        unknownKey: keys.filter((name) => values[name] === undefined),
      };
    },
    ChangeConfiguration: ({ key, value }) => {
      values[String(key)] = String(value);
      return { status: "Accepted" };
    },
  };
}

function answers2x(values: Values): Record<string, Answer> {
  return {
    GetVariables: ({ getVariableData }) => ({
      getVariableResult: variables.parse(getVariableData).map((asked) => {
        const { component, variable } = asked;
        const attributeValue = values[keyOf(asked)];
        return attributeValue === undefined
          ? { component, variable, attributeStatus: "UnknownVariable" }
          : { component, variable, attributeStatus: "Accepted", attributeValue };
      }),
    }),
    SetVariables: ({ setVariableData }) => ({
      setVariableResult: variables.parse(setVariableData).map((given) => {
        values[keyOf(given)] = given.attributeValue ?? "";
        return { component: given.component, variable: given.variable, attributeStatus: "Accepted" };
      }),
    }),
  };
}

function composite16(schedule: Record<string, unknown>): Answer {
  return ({ connectorId }) => ({ status: "Accepted", connectorId, chargingSchedule: schedule });
}

function composite2x(schedule: Record<string, unknown>): Answer {
  return ({ evseId, duration }) => ({
    status: "Accepted",
    schedule: { evseId, duration, scheduleStart: new Date().toISOString(), ...schedule },
  });
}
