/** Keep deliveries and API calls in one bounded list, in the order of their arrival, oldest first. */

/** @import { Call, Delivery } from "./types.js" */

/** @typedef {Delivery & { sort: "delivery", key: string, title: string, good: boolean, haystack?: string }} DeliveryEntry */
/** @typedef {Call & { sort: "call", key: string, title: string, errcode: number, good: boolean, haystack?: string }} CallEntry */
/** @typedef {DeliveryEntry | CallEntry} Entry */

const KEPT = 4000;
/** How many entries go at once when the list is too long: one arrival then seldom moves the whole list. */
const SLACK = 500;

export class Journal {
  /** @type {Entry[]} */
  entries = [];
  /** How many entries have been dropped at the front. */
  forgotten = 0;
  /** Grows when the list is replaced. */
  version = 0;

  /**
   * Take both journals as the server keeps them.
   * @param {Delivery[]} deliveries
   * @param {Call[]} calls
   */
  load(deliveries, calls) {
    this.entries = [...deliveries.map(delivery), ...calls.map(call)].sort((one, other) => one.at - other.at);
    this.forgotten = 0;
    this.version += 1;
  }

  /** @param {Delivery} entry */
  addDelivery(entry) {
    this.#add(delivery(entry));
  }

  /** @param {Call} entry */
  addCall(entry) {
    this.#add(call(entry));
  }

  /** @param {Entry} entry */
  #add(entry) {
    this.entries.push(entry);
    if (this.entries.length < KEPT + SLACK) return;
    this.entries.splice(0, SLACK);
    this.forgotten += SLACK;
  }
}

const ANSWERED = new Set(["reply", "success", "empty"]);

/**
 * @param {Delivery} entry
 * @returns {DeliveryEntry}
 */
const delivery = (entry) => ({
  ...entry,
  sort: "delivery",
  key: `d${entry.id}`,
  title: entry.kind,
  good: ANSWERED.has(entry.outcome),
});

/**
 * @param {Call} entry
 * @returns {CallEntry}
 */
const call = (entry) => {
  const errcode = entry.response?.errcode ?? 0;
  return { ...entry, sort: "call", key: `c${entry.id}`, title: entry.path, errcode, good: entry.status === 200 && errcode === 0 };
};
