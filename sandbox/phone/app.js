/** The composition root: makes the store and the views, and says what each touch leads to. */

import * as api from "./api.js";
import { chatView } from "./chat.js";
import { composer } from "./composer.js";
import { askCode, askPlace, askScanResult, askUser } from "./dialogs.js";
import { drawers } from "./drawers.js";
import { listen } from "./events.js";
import { menuView } from "./menu.js";
import { notice, sheet, viewer } from "./overlay.js";
import { panelView } from "./panel.js";
import { peopleView } from "./people.js";
import { profileView } from "./profile.js";
import { screenView } from "./screen.js";
import { Store } from "./store.js";
import { webView } from "./webview.js";

// The visitor's cookie belongs to 127.0.0.1, where the account's links lead; under another name of
// this machine every authorize page would meet a stranger.
if (location.hostname === "localhost") location.replace(location.href.replace("localhost", "127.0.0.1"));

const JOURNAL = 100;

const find = (selector) => document.querySelector(selector);
const screen = find(".screen");
const store = new Store();
const say = (text) => notice(screen, text);

/** Runs what a touch leads to; if the sandbox refuses, the user reads why. */
const attempt = (act) => async (...args) => {
  try {
    return await act(...args);
  } catch (error) {
    say(error.message);
    return null;
  }
};

const follow = attempt((openid) => api.subscribe(openid));
const unfollow = attempt((openid) => api.unsubscribe(openid));

const web = webView(find("[data-testid=webview]"), screen, find(".conversation"), store, { own: api.webview, say });
const side = drawers(find(".people"), find(".panel"), find(".scrim"));

/** Shows the message at once; the event that brings the server's own version settles it. */
async function send(message) {
  const openid = store.active;
  const shown = message.file ? { ...message, url: URL.createObjectURL(message.file) } : message;
  const key = store.addDraft(openid, { ...shown, original: message });
  try {
    await api.send(openid, await outgoing(message));
  } catch (error) {
    store.setDraft(openid, key, "failed", error.message);
    return;
  }
  if (!store.isDraft(openid, key)) return;
  store.setDraft(openid, key, "sent");
  await loadChat(openid);
}

async function outgoing({ file, ...message }) {
  return file ? { ...message, media_id: (await api.uploadMedia(file)).media_id } : message;
}

function resend({ key, original }) {
  store.setDraft(store.active, key, null);
  send(original);
}

async function askScan() {
  const result = await askScanResult();
  return result === null ? null : { scan_result: result };
}

/** Menu buttons that ask the user something before they push; null means the user turned back. */
const TAP_DETAILS = { scancode_push: askScan, scancode_waitmsg: askScan, location_select: askPlace };

/** A page opens the moment it is tapped: WeChat does not wait for the account's server to hear of it. */
const tap = attempt(async (path, { type, url }) => {
  const details = TAP_DETAILS[type] ? await TAP_DETAILS[type]() : {};
  if (details === null) return;
  if (type === "view") web.open(url);
  if (type === "miniprogram") say("沙盒里没有小程序，只推送点击事件");
  if (type === "scancode_push" && /^https?:/.test(details.scan_result)) web.open(details.scan_result);
  await api.tap(store.active, path, details);
});

const scan = attempt(async () => {
  const code = await askCode();
  if (!code) return;
  if (code.url) web.open(code.url);
  else await api.scan(store.active, code);
});

const addUser = attempt(async () => {
  const answer = await askUser();
  if (!answer) return;
  const { openid } = await api.addUser(answer.nickname, answer.subscribed);
  store.load(await settled(api.state));
  activate(openid);
});

/** How many events have come. */
let told = 0;

/**
 * Reads until no event comes meanwhile, for an answer must not undo what an event told after it was
 * made. Under a constant stream of events it makes do with the last of several tries.
 */
async function settled(read, tries = 5) {
  const before = told;
  const answer = await read();
  return told === before || tries === 1 ? answer : settled(read, tries - 1);
}

const loadChat = attempt(async (openid) => store.setChat(openid, (await settled(() => api.chat(openid))).messages));

function activate(openid) {
  side.close();
  if (openid === store.active) return;
  web.close();
  store.activate(openid);
  loadChat(openid);
}

function more() {
  const { openid, subscribed } = store.user ?? {};
  sheet(screen, "更多", [
    { label: "扫一扫", act: scan, testid: "scan" },
    { label: "推送与接口记录", act: () => side.open("panel") },
    subscribed ? { label: "取消关注", act: () => unfollow(openid), testid: "unfollow", danger: true } : null,
  ]);
}

/** Reads everything anew: at the start, after a lost connection, after a reset. */
const reload = attempt(async () => {
  const everything = () => Promise.all([api.state(), api.deliveries(JOURNAL), api.calls()]);
  const [state, deliveries, calls] = await settled(everything);
  store.load(state);
  store.setJournals(deliveries.deliveries, calls.calls);
  if (store.active) await loadChat(store.active);
});

const heard = {
  user: (user) => store.setUser(user),
  message: ({ openid, message }) => store.addMessage(openid, message),
  menu: ({ menu }) => store.setMenu(menu),
  delivery: (entry) => store.addDelivery(entry),
  call: (entry) => store.addCall(entry),
  clock: ({ offset_seconds }) => store.setClock(offset_seconds),
  callback: ({ callback, callback_ok }) => store.setCallback(callback, callback_ok),
  typing: ({ openid, on }) => store.setTyping(openid, on),
  reset() {
    web.close();
    store.clear();
    reload();
  },
};

screenView(screen, store);
chatView(find("[data-testid=chat]"), store, { open: web.open, view: (media) => viewer(screen, media), say, resend });
composer(find(".composer"), store, {
  send,
  async chooseLocation() {
    const place = await askPlace();
    return place && { type: "location", ...place };
  },
});
menuView(find(".menu-bar"), store, tap);
profileView(find(".profile"), store, { follow });
peopleView(find(".people ul"), store, { activate, follow, unfollow });
panelView(find(".panel"), store, { setCallback: api.setCallback });

find(".back").addEventListener("click", () => side.open("people"));
find(".conversation .more").addEventListener("click", more);
find(".add-user").addEventListener("click", addUser);
find(".scan-code").addEventListener("click", () => { side.close(); scan(); });

listen({
  onopen: () => { store.setOnline(true); reload(); },
  onlost: () => store.setOnline(false),
  onevent: (type, data) => { told += 1; heard[type](data); },
});
