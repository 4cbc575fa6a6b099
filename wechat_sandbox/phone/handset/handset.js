/** One phone on the table: puts its parts together and says what each touch leads to. */

import * as api from "../api.js";
import { askCode, askFile, askNumber, askPlace, askScanResult } from "../dialogs.js";
import { el } from "../dom.js";
import { span } from "../time.js";
import { t, translate } from "../words.js";
import { showBanner } from "./banner.js";
import { chatView } from "./chat.js";
import { composer } from "./composer.js";
import { Hand } from "./hand.js";
import { homeView } from "./home.js";
import { menuView } from "./menu.js";
import { choice, confirmSheet, mapView, notice, sheet, viewer } from "./overlay.js";
import { profileView } from "./profile.js";
import { screenView } from "./screen.js";
import { webView } from "./webview.js";

/**
 * `load(openid)` reads a conversation, `own(handset)` makes the web view's cookies that user's,
 * `switchUser` and `openDesk` lead to the sides, `touched` is told when this phone is in use.
 */
export function handset(world, { load, own, switchUser, openDesk, touched }) {
  const root = document.querySelector("#handset").content.firstElementChild.cloneNode(true);
  translate(root);
  const find = (selector) => root.querySelector(selector);
  const screen = find(".screen");
  const hand = new Hand(world);
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
  const web = webView(find("[data-testid=webview]"), screen, [find(".conversation"), find(".home"), find(".friend")], hand, {
    own: () => own(self),
    say,
    users: () => [...world.users.values()],
    share: api.share,
  });

  /** Shows the message at once; the event that brings the server's own version settles it. */
  async function send(message) {
    const { openid, transcript } = hand;
    const shown = message.file ? { ...message, url: URL.createObjectURL(message.file) } : message;
    const key = transcript.addDraft({ ...shown, original: message }, world.now());
    world.transcriptChanged(openid);
    try {
      await api.send(openid, await outgoing(message));
    } catch (error) {
      transcript.setDraft(key, "failed", error.message);
      world.transcriptChanged(openid);
      return;
    }
    if (!transcript.hasDraft(key)) return;
    transcript.setDraft(key, "sent");
    await load(openid);
  }

  async function outgoing({ file, ...message }) {
    return file ? { ...message, media_id: (await api.uploadMedia(file)).media_id } : message;
  }

  function resend({ key, original }) {
    hand.transcript.setDraft(key, null);
    send(original);
  }

  const choose = ({ id, content }) => send({ type: "text", content, bizmsgmenuid: id });

  async function askScan() {
    const answer = await askScanResult(t("scan.forMenu"));
    return answer && { scan_result: answer.result, scan_type: answer.type };
  }

  async function askPicture() {
    const source = await choice(screen, t("kind.image"), [{ label: t("sample.file"), value: "file" }, { label: t("sample.ours"), value: "sample" }]);
    if (source !== "file") return source && {};
    const file = await askFile("image/png,image/jpeg,image/gif");
    return file && { media_id: (await api.uploadMedia(file)).media_id };
  }

  const askPosition = async () => {
    const place = await askPlace();
    return place && { ...place, poiname: place.label };
  };

  /** Menu buttons that ask the user something before they push; null means the user turned back. */
  const TAP_DETAILS = {
    scancode_push: askScan,
    scancode_waitmsg: askScan,
    pic_sysphoto: askPicture,
    pic_photo_or_album: askPicture,
    pic_weixin: askPicture,
    location_select: askPosition,
  };

  /** A page opens the moment it is tapped: WeChat does not wait for the account's server to hear of it. */
  const tap = attempt(async (path, { type, url, appid, pagepath }) => {
    const details = TAP_DETAILS[type] ? await TAP_DETAILS[type]() : {};
    if (details === null) return;
    if (type === "view") web.open(url);
    if (type === "miniprogram") miniprogram({ appid, pagepath, url });
    if (type === "scancode_push" && /^https?:/.test(details.scan_result)) web.open(details.scan_result);
    chat.toEnd();
    const { open } = await api.tap(hand.openid, path, details);
    if (open && type !== "view" && type !== "scancode_push") web.open(open);
  });

  async function miniprogram({ appid, pagepath, url }) {
    const card = el("div", { class: "mini" }, el("strong", {}, t("miniprogram.title")), el("p", {}, t("miniprogram.text")),
      el("p", { class: "quiet" }, `${appid ?? ""} ${pagepath ?? ""}`));
    const chosen = await confirmSheet(screen, t("miniprogram.title"), card,
      [{ label: t("close"), value: null }, url && { label: t("miniprogram.fallback"), value: "open", primary: true }].filter(Boolean), "miniprogram");
    if (chosen) web.open(url);
  }

  const scan = attempt(async () => {
    world.setMore(await api.state());
    const code = await askCode(codesInSight(world, hand.openid));
    if (!code) return;
    if (code.login) await confirmLogin(code.login);
    else await scanned(await api.scan(hand.openid, code), code);
  });

  async function scanned({ kind, open, uuid }, code) {
    if (kind === "scene") web.close();  // as WeChat: scanning such a code opens the conversation
    if (kind === "login") await confirmLogin(uuid ?? code.text, true);
    else if (open) web.open(open);
    else if (kind === "text") say(t("scan.read", { text: code.text }));
  }

  /** The website login: the code is scanned, then the user decides. */
  async function confirmLogin(uuid, isScanned = false) {
    const { openid } = hand;
    if (!isScanned) await api.scanLogin(openid, uuid);
    const site = t("login.site", { name: world.account.name });
    const words = el("div", { class: "login-words" }, el("strong", {}, site), el("p", {}, t("login.wants")),
      el("p", { class: "quiet" }, (world.account.site_domains ?? []).join("  ")));
    const chosen = await confirmSheet(screen, t("login.title"), words,
      [{ label: t("refuse"), value: "refuse" }, { label: t("allow"), value: "allow", primary: true }], "login-sheet");
    if (chosen === "allow") {
      await api.confirmLogin(openid, uuid);
      say(t("login.done"));
    } else {
      await api.cancelLogin(openid, uuid);
    }
  }

  async function setNumber(phone) {
    await api.setPhone(hand.openid, phone);
    world.setUser({ ...hand.user, phone });
  }

  function more() {
    const { openid, user } = hand;
    sheet(screen, t("more"), [
      { label: t("scan"), act: scan, testid: "scan" },
      user?.subscribed ? { label: t("profile.open"), act: () => face.showCard(true), testid: "open-profile" } : null,
      { label: t("location.report"), act: attempt(() => api.location(openid)), testid: "report-location" },
      { label: t("sms.number"), act: attempt(async () => { const phone = await askNumber(user?.phone); if (phone) await setNumber(phone); }) },
      { label: t("people.switch"), act: switchUser },
      { label: t("desk.open"), act: openDesk, testid: "open-desk" },
      user?.subscribed ? { label: t("unfollow"), act: attempt(() => api.unsubscribe(openid)), testid: "unfollow", danger: true } : null,
    ]);
  }

  const actions = { open: web.open, view: (media) => viewer(screen, media), show: (place) => mapView(screen, place), choose, say, resend };
  const face = screenView(screen, hand);
  const chat = chatView(find("[data-testid=chat]"), find(".news-below"), hand, actions);
  composer(find(".composer"), hand, { send, say, choices: (label, choices) => sheet(screen, label, choices) });
  menuView(find(".menu-bar"), hand, tap);
  profileView(find(".profile"), hand, { follow, message: () => face.showCard(false) });
  homeView({ home: find(".home"), friend: find(".friend"), conversation: find(".conversation") }, hand, {
    open: (url) => web.open(url),
    say,
    enter: () => load(hand.openid, { enters: true }),
    switchUser,
  });

  find(".conversation .more").addEventListener("click", more);
  find(".home-plus").addEventListener("click", scan);
  for (const event of ["pointerdown", "focusin"]) root.addEventListener(event, () => touched(self));

  const self = {
    root,
    hand,
    scan,
    web,
    hold(openid) {
      web.close();
      hand.hold(openid);
    },
    sms: (item) => showBanner(screen, item, { say, seen: () => world.seen(item.openid, [item]) }),
    snapshot: web.snapshot,
    say,
    leave() {
      web.leave();
      hand.leave();
      root.remove();
    },
  };
  return self;
}

/** What this user's camera could be held at right now, newest first. A passing code is scanned once. */
function codesInSight(world, openid) {
  const { logins = [], qr_codes = [] } = world.more;
  const age = (created) => t("qr.age", { span: span(Math.max(1, Math.round(world.now() - created))) });
  const open = logins.filter(({ status }) => status === 408).reverse();
  const fresh = qr_codes.filter(({ permanent, scanned_by }) => permanent || !scanned_by.includes(openid)).reverse();
  return [
    ...open.map(({ uuid }) => ({ label: t("login.code"), hint: shortened(uuid), code: { login: uuid }, testid: "code-login" })),
    ...fresh.slice(0, 6).map(({ scene, ticket, permanent, created }) => ({
      label: t("scan.sceneCode", { scene: shortened(String(scene)) }),
      hint: `${t(permanent ? "qr.permanent" : "qr.temporary")} · ${age(created)}`,
      code: { ticket },
      testid: "code-scene",
    })),
  ];
}

const shortened = (text) => (text.length > 20 ? `${text.slice(0, 12)}…${text.slice(-4)}` : text);
