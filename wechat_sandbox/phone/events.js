/**
 * Listen to the sandbox's server-sent events, and reconnect without end. `onopen` runs on every connection,
 * so a caller that reads everything there misses nothing.
 */

/** @import * as Types from "./types.js" */

/**
 * The events and their data.
 * @typedef {object} Events
 * @property {Types.User} user
 * @property {{ openid: string, message: Types.Message }} message
 * @property {unknown} menu
 * @property {Types.Waiting} waiting
 * @property {Types.Delivery} delivery
 * @property {Types.Call} call
 * @property {Types.Clock} clock
 * @property {{ callback: string | null, callback_ok: boolean }} callback
 * @property {Types.Settings} settings
 * @property {{ faults: Types.Fault[] }} faults
 * @property {{ openid: string, on: boolean }} typing
 * @property {{ openid: string | null, item: Types.Share }} share `openid` is null for moments, which all users see
 * @property {unknown} login
 * @property {Types.Sms} sms
 * @property {{ openid: string, full: string }} snapshot
 * @property {unknown} reset
 */

/** @typedef {{ [Type in keyof Events]: (data: Events[Type]) => unknown }} EventHandlers */

/**
 * Milliseconds before a new connection. The sandbox drops a reader that falls far behind; that reader
 * connects again at once. If the sandbox stays away, the user is told and the attempts are rarer.
 */
const SOON = 100;
const RETRY = 1000;

/** @param {{ onopen: () => void, onlost: () => void, onevent: (type: keyof Events) => void, handlers: EventHandlers }} listener */
export function listen({ onopen, onlost, onevent, handlers }) {
  let wait = SOON;

  function connect() {
    const source = new EventSource("/_sandbox/events");
    source.addEventListener("open", () => {
      wait = SOON;
      onopen();
    });
    for (const type of /** @type {(keyof Events)[]} */ (Object.keys(handlers))) {
      source.addEventListener(type, (event) => {
        onevent(type);
        handlers[type](JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      source.close();
      if (wait !== SOON) onlost();
      setTimeout(connect, wait);
      wait = RETRY;
    });
  }

  connect();
}
