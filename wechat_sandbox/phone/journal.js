/** What was delivered and what was called, as it happens: one list in the order of arrival, oldest first, bounded. */

const KEPT = 4000;
/** Trimmed in blocks, so that not every arrival moves the whole list. */
const SLACK = 500;

export class Journal {
  entries = [];
  /** How many entries have been forgotten at the front. */
  forgotten = 0;
  /** Grows when the list was replaced. */
  version = 0;

  /** Both journals as the server keeps them. */
  load(deliveries, calls) {
    this.entries = [...deliveries.map(delivery), ...calls.map(call)].sort((one, other) => one.at - other.at);
    this.forgotten = 0;
    this.version += 1;
  }

  addDelivery(entry) {
    this.#add(delivery(entry));
  }

  addCall(entry) {
    this.#add(call(entry));
  }

  #add(entry) {
    this.entries.push(entry);
    if (this.entries.length < KEPT + SLACK) return;
    this.entries.splice(0, SLACK);
    this.forgotten += SLACK;
  }
}

const ANSWERED = new Set(["reply", "success", "empty"]);

const delivery = (entry) => ({
  ...entry,
  sort: "delivery",
  key: `d${entry.id}`,
  title: entry.kind,
  good: ANSWERED.has(entry.outcome),
});

const call = (entry) => {
  const errcode = entry.response?.errcode ?? 0;
  return { ...entry, sort: "call", key: `c${entry.id}`, title: entry.path, errcode, good: entry.status === 200 && errcode === 0 };
};
