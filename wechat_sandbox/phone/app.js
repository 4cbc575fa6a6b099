/** The composition root: makes the world and the views, and says what each touch leads to. */

import * as api from "./api.js";
import { askUser } from "./dialogs.js";
import { deskView } from "./desk/desk.js";
import { drawers } from "./drawers.js";
import { listen } from "./events.js";
import { peopleView } from "./people.js";
import { tableView } from "./table.js";
import { applyLanguage, switchLanguage } from "./words.js";
import { World } from "./world.js";

// The visitor's cookie belongs to 127.0.0.1, where the account's links lead; under another name of
// this machine every authorize page would meet a stranger.
if (location.hostname === "localhost") location.replace(location.href.replace("localhost", "127.0.0.1"));

const JOURNAL = 2000;

const find = (selector) => document.querySelector(selector);
applyLanguage();
const world = new World();
const side = drawers(find(".people"), find(".desk"), find(".scrim"));

const table = tableView(find(".table"), world, {
  load: loadUser,
  own: api.webview,
  switchUser: () => side.open("people"),
  openDesk: () => side.open("desk"),
});
const say = (text) => table.current?.say(text);

/** Runs what a touch leads to; if the sandbox refuses, the user reads why. */
const attempt = (act) => async (...args) => {
  try {
    return await act(...args);
  } catch (error) {
    say(error.message);
    return null;
  }
};

/** Reads a conversation. An answer from before a reset is not believed after it. */
const readChat = attempt(async (openid) => {
  const { epoch } = world;
  const { messages } = await api.chat(openid);
  if (epoch !== world.epoch) return;
  world.transcript(openid).load(messages);
  world.transcriptChanged(openid);
});

const readMenu = attempt(async (openid) => world.setMenu(openid, await api.menu(openid)));
const readInbox = attempt(async (openid) => world.setInbox(openid, (await api.inbox(openid)).items));

/** All that one phone shows. Opening the chat may change the menu: a phone pulls it when it is old. */
async function loadUser(openid, { enters = false } = {}) {
  if (enters && world.users.get(openid)?.subscribed) await attempt(api.enter)(openid);
  await Promise.all([readChat(openid), readMenu(openid), enters ? readInbox(openid) : null]);
}

const addUser = attempt(async () => {
  const added = await askUser(api.addUser);
  if (!added) return;
  const { openid, ...user } = added;
  if (!world.users.has(openid)) world.setUser({ openid, ...user });
  side.close();
  table.hold(openid);
});

/** How many events have come that an answer made before them would undo. */
let told = 0;

/** Reads until no such event comes meanwhile; under a constant stream it makes do with the last try. */
async function settled(read, tries = 5) {
  const before = told;
  const answer = await read();
  return told === before || tries === 1 ? answer : settled(read, tries - 1);
}

/** Nothing that was shown is true any more. */
function forget() {
  world.clear();
  table.clear();
}

/** Reads everything anew: at the start, after a lost connection, after a reset. */
const reload = attempt(async () => {
  const everything = () => Promise.all([api.state(), api.deliveries(JOURNAL), api.calls(JOURNAL)]);
  const [state, deliveries, calls] = await settled(everything);
  if (world.more.run && world.more.run !== state.run) forget();
  world.load(state);
  world.setJournals(deliveries.deliveries, calls.calls, deliveries.waiting);
  table.seat();
});

const readMore = attempt(async () => {
  const { account, behaviour, users, clock, ...more } = await api.state();
  world.setMore(more);
  world.setSettings({ account, behaviour });
});

const STEADY = new Set(["user", "menu", "clock", "callback", "settings", "login", "reset", "delivery"]);

const heard = {
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
    // What goes to everybody's moments names nobody.
    for (const receiver of openid ? [openid] : world.users.keys()) world.addToInbox(receiver, item);
  },
  login: readMore,
  sms(item) {
    if (!item.openid) return; // to a number that nobody has
    world.addToInbox(item.openid, item);
    table.phoneOf(item.openid)?.sms(item);
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
  follow: attempt((openid) => api.subscribe(openid)),
  unfollow: attempt((openid) => api.unsubscribe(openid)),
});
deskView(find(".desk"), world, { readMore, close: side.close });

find(".add-user").addEventListener("click", addUser);
find(".scan-code").addEventListener("click", () => { side.close(); table.current?.scan(); });
find(".desk-open").addEventListener("click", () => side.open("desk"));
find(".language").addEventListener("click", switchLanguage);

listen({
  onopen: () => { world.setOnline(true); reload(); },
  onlost: () => world.setOnline(false),
  onevent(type, data) {
    if (STEADY.has(type)) told += 1;
    heard[type](data);
  },
});
