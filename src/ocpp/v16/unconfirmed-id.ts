/** A station that never got our StartTransaction answer counts its transaction as this one (1.6 errata 3.18). */
export const UNCONFIRMED_ID = -1;
