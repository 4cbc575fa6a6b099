/** Build the world and the views, and connect each touch and each event with its effect. */

/** @import { EventHandlers } from "./events.js" */

import * as api from "./api.js";
import { attempts } from "./attempt.js";
import { askUser } from "./dialogs.js";
import { deskView } from "./desk/desk.js";
import { drawers } from "./drawers.js";
import { listen } from "./events.js";
import { peopleView } from "./people.js";
import { query } from "./query.js";
import { tableView } from "./table.js";
import { applyLanguage, switchLanguage } from "./words.js";
import { World } from "./world.js";

// The account's links lead to 127.0.0.1, so the visitor's cookie belongs to that name. Under the name
// localhost the authorize pages would not get it.
if (location.hostname === "localhost") location.replace(location.href.replace("localhost", "127.0.0.1"));

/** How many entries of each journal are read. */
const JOURNAL = 2000;

/** @param {string} selector */
const find = (selector) => query(document, selector);
applyLanguage();
const world = new World();
const side = drawers(find(".people"), find(".desk"), find(".scrim"));

const table = tableView(find(".table"), world, {
  load: loadUser,
  own: api.webview,
  switchUser: () => side.open("people"),
  openDesk: () => side.open("desk"),
});
const attempt = attempts((text) => table.current?.say(text));

/** Read a conversation. An answer from before a reset is dropped. */
const readChat = attempt(async (/** @type {string} */ openid) => {
  const { epoch } = world;
  const { messages } = await api.chat(openid);
  if (epoch !== world.epoch) return;
  world.transcript(openid).load(messages);
  world.transcriptChanged(openid);
});

const readMenu = attempt(async (/** @type {string} */ openid) => world.setMenu(openid, await api.menu(openid)));
const readInbox = attempt(async (/** @type {string} */ openid) => world.setInbox(openid, (await api.inbox(openid)).items));

/**
 * Read all that one phone shows. `enters`: the user opens the chat, which can change the menu, because a
 * phone then fetches a menu that is old.
 * @param {string} openid
 * @param {{ enters?: boolean }} options
 */
async function loadUser(openid, { enters = false } = {}) {
  if (enters && world.users.get(openid)?.subscribed) await attempt(api.enter)(openid);
  await Promise.all([readChat(openid), readMenu(openid), enters ? readInbox(openid) : null]);
}

const addUser = attempt(async () => {
  const added = await askUser(api.addUser);
  if (!added) return;
  if (!world.users.has(added.openid)) world.setUser(added);
  side.close();
  table.hold(added.openid);
});

/** How many events have come that an older answer of the server would undo. */
let told = 0;

/**
 * Call `read` until no such event comes meanwhile. Under a constant stream of events, take the last answer.
 * @template Answer
 * @param {() => Promise<Answer>} read
 * @returns {Promise<Answer>}
 */
async function settled(read, tries = 5) {
  const before = told;
  const answer = await read();
  return told === before || tries === 1 ? answer : settled(read, tries - 1);
}

/** Drop all that is shown, because none of it is true any more. */
function forget() {
  world.clear();
  table.clear();
}

/** Read everything anew: at the start, after a lost connection, after a reset. */
const reload = attempt(async () => {
  const everything = () => Promise.all([api.state(), api.deliveries(JOURNAL), api.calls(JOURNAL)]);
  const [state, deliveries, calls] = await settled(everything);
  if (world.more.run && world.more.run !== state.run) forget();
  world.load(state);
  world.setJournals(deliveries.deliveries, calls.calls, deliveries.waiting);
  table.seat();
});

const readMore = attempt(async () => {
  const { account, behaviour, ...more } = await api.state();
  world.setMore(more);
  world.setSettings({ account, behaviour });
});

/** The events whose effect an older answer would undo. */
const STEADY = new Set(["user", "menu", "clock", "callback", "settings", "login", "reset", "delivery"]);

/** @type {EventHandlers} */
const handlers = {
  user(user) {
    const followed = !world.users.get(user.openid)?.subscribed && user.subscribed;
    world.setUser(user);
    if (followed && table.openids.includes(user.openid)) readMenu(user.openid);
  },
  message({ openid, message }) {
    world.addMessage(openid, message, table.openids.includes(openid));
    if (table.isChatting(openid)) world.read(openid);
  },
  menu: () => table.openids.forEach(readMenu),
  waiting: (entry) => world.addWaiting(entry),
  delivery: (entry) => world.addDelivery(entry),
  call: (entry) => world.addCall(entry),
  clock: ({ offset_seconds }) => world.setClock(offset_seconds),
  callback: ({ callback, callback_ok }) => world.setCallback(callback, callback_ok),
  settings: (settings) => world.setSettings(settings),
  faults: ({ faults }) => world.setFaults(faults),
  typing: ({ openid, on }) => world.setTyping(openid, on),
  share({ openid, item }) {
    // A share to moments names no openid: all users see it.
    for (const receiver of openid ? [openid] : world.users.keys()) world.addToInbox(receiver, item);
  },
  login: readMore,
  sms(item) {
    if (!item.openid) return; // no user has this number
    world.addToInbox(item.openid, item);
    table.phoneOf(item.openid)?.sms({ ...item, openid: item.openid });
  },
  snapshot: ({ openid, full }) => table.phoneOf(openid)?.snapshot(full),
  reset() {
    forget();
    reload();
  },
};

peopleView(find(".people"), world, table, {
  hold(openid) {
    side.close();
    table.hold(openid);
  },
  follow: attempt(api.subscribe),
  unfollow: attempt(api.unsubscribe),
});
deskView(find(".desk"), world, { readMore, close: side.close });

find(".add-user").addEventListener("click", addUser);
find(".scan-code").addEventListener("click", () => { side.close(); table.current?.scan(); });
find(".desk-open").addEventListener("click", () => side.open("desk"));
find(".language").addEventListener("click", switchLanguage);

listen({
  onopen: () => { world.setOnline(true); reload(); },
  onlost: () => world.setOnline(false),
  onevent(type) {
    if (STEADY.has(type)) told += 1;
  },
  handlers,
});
