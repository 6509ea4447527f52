import { statusOutcomes, type CommandCase } from "./command-case.ts";

const ECHO = { vendorId: "MyVendor", messageId: "GetDisplayMessage" };

/** The same in every OCPP version. */
export function dataTransferOutcomes(statusInfo?: {
  reasonCode: string;
  additionalInfo: string;
}): CommandCase["outcomes"] {
  const refusals = statusOutcomes(
    { ...ECHO, responseData: null },
    [
      ["Accepted", "Accepted", "DataTransfer accepted by charger"],
      ["Rejected", "Rejected", "DataTransfer rejected by charger"],
      ["UnknownMessageId", "UnknownMessageId", "Message id unknown to charger"],
      ["UnknownVendorId", "UnknownVendorId", "Vendor id unknown to charger"],
    ],
    statusInfo,
  );
  const data = '{"text": "Hello"}';
  const accepted = {
    answer: { status: "Accepted", data },
    body: {
      ...ECHO,
      status: "Accepted",
      message: "DataTransfer accepted by charger",
      responseData: data,
      ocppStatus: "Accepted",
    },
  };
  return [accepted, ...refusals];
}
