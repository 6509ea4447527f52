const ACTION = /^[A-Za-z0-9]{1,64}$/;

/** The action as it may stand in a log; null for what no version would name so: a station can send anything in its place. */
export function actionName(action: string | null): string | null {
  return action !== null && ACTION.test(action) ? action : null;
}
