/** Build one phone on the table from its parts, and connect each touch with its effect. */

/** @import { Sms } from "../types.js" */
/** @import { World } from "../world.js" */

import * as api from "../api.js";
import { attempts } from "../attempt.js";
import { query } from "../query.js";
import { translate } from "../words.js";
import { showBanner } from "./banner.js";
import { chatView } from "./chat.js";
import { composer } from "./composer.js";
import { Hand } from "./hand.js";
import { homeView } from "./home.js";
import { menuView } from "./menu.js";
import { menuTaps } from "./menutaps.js";
import { showMoreMenu } from "./moremenu.js";
import { mapView, notice, sheet, viewer } from "./overlay.js";
import { profileView } from "./profile.js";
import { scanner } from "./scanner.js";
import { screenView } from "./screen.js";
import { messageSender } from "./sender.js";
import { webView } from "./webview.js";

/**
 * @typedef {object} Handset
 * @property {HTMLElement} root
 * @property {Hand} hand
 * @property {ReturnType<typeof webView>} web
 * @property {() => void} scan asks for a code and scans it
 * @property {(text: string) => void} say shows a short notice on the screen
 * @property {(openid: string) => void} hold gives the phone to another user
 * @property {(item: Sms & { openid: string }) => void} sms shows a text message
 * @property {(full: string) => void} snapshot tells the web view that its page is a snapshot
 * @property {() => void} leave takes the phone off the table
 */

/**
 * @typedef {object} Surroundings what a phone needs of the table
 * @property {(openid: string, options?: { enters?: boolean }) => Promise<void>} load reads a conversation
 * @property {(handset: Handset) => Promise<void>} own gives the web view's cookies to this phone's user
 * @property {() => void} switchUser
 * @property {() => void} openDesk
 * @property {(handset: Handset) => void} touched is called when this phone is in use
 */

/** @returns {HTMLElement} a copy of the page's template of a phone, with its words */
function copyOfTemplate() {
  const { content } = query(document, "#handset", HTMLTemplateElement);
  const root = /** @type {HTMLElement} */ (query(content, ".phone").cloneNode(true));
  translate(root);
  return root;
}

/**
 * @param {World} world
 * @param {Surroundings} surroundings
 * @returns {Handset}
 */
export function handset(world, { load, own, switchUser, openDesk, touched }) {
  const root = copyOfTemplate();
  /** @param {string} selector */
  const find = (selector) => query(root, selector);
  const screen = find(".screen");
  const sections = { home: find(".home"), friend: find(".friend"), conversation: find(".conversation") };
  const hand = new Hand(world);
  /** @param {string} text */
  const say = (text) => notice(screen, text);
  const attempt = attempts(say);

  const web = webView(find("[data-testid=webview]"), screen, Object.values(sections), hand, {
    own: () => own(self),
    say,
    users: () => [...world.users.values()],
    share: api.share,
  });
  const { send, resend, choose } = messageSender(hand, load);
  const face = screenView(screen, hand);
  const chat = chatView(find("[data-testid=chat]"), find(".news-below"), hand, {
    open: web.open,
    view: (media) => viewer(screen, media),
    show: (place) => mapView(screen, place),
    choose,
    say,
    resend,
  });
  const scan = attempt(scanner(screen, hand, { web, say }));
  composer(find(".composer"), hand, { send, say, choices: (label, choices) => sheet(screen, label, choices) });
  menuView(find(".menu-bar"), hand, attempt(menuTaps(screen, hand, { open: web.open, toEnd: chat.toEnd })));
  profileView(find(".profile"), hand, { follow: attempt(api.subscribe), message: () => face.showCard(false) });
  homeView(sections, hand, { open: web.open, say, enter: () => load(hand.openid, { enters: true }), switchUser });

  const more = { attempt, scan, showProfile: () => face.showCard(true), switchUser, openDesk };
  find(".conversation .more").addEventListener("click", () => showMoreMenu(screen, hand, more));
  find(".home-plus").addEventListener("click", scan);
  for (const event of ["pointerdown", "focusin"]) root.addEventListener(event, () => touched(self));

  /** @type {Handset} */
  const self = {
    root,
    hand,
    web,
    scan,
    say,
    hold(openid) {
      web.close();
      hand.hold(openid);
    },
    sms: (item) => showBanner(screen, item, { say, seen: () => world.seen(item.openid, [item]) }),
    snapshot: web.snapshot,
    leave() {
      web.leave();
      hand.leave();
      root.remove();
    },
  };
  return self;
}
