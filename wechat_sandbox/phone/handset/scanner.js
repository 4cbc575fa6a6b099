/** Scan a code with the phone's camera: a website login, a code of the account, an address or a text. */

/** @import { Code, CodeChoice } from "../dialogs.js" */
/** @import { ActOutcome } from "../types.js" */
/** @import { World } from "../world.js" */
/** @import { Hand } from "./hand.js" */

import * as api from "../api.js";
import { askCode } from "../dialogs.js";
import { el } from "../dom.js";
import { span } from "../time.js";
import { t } from "../words.js";
import { confirmSheet } from "./overlay.js";

/** How many of the account's codes the dialog offers. */
const OFFERED = 6;

/**
 * Return the function that asks for a code and scans it. It throws the sandbox's refusal.
 * @param {HTMLElement} screen
 * @param {Hand} hand
 * @param {{ web: { open: (url: string) => void, close: () => void }, say: (text: string) => void }} phone
 */
export function scanner(screen, hand, { web, say }) {
  async function scan() {
    hand.world.setMore(await api.state());
    const code = await askCode(codesInSight(hand.world, hand.openid));
    if (!code) return;
    if (code.login) await decideLogin(code.login);
    else await follow(await api.scan(hand.openid, code), code);
  }

  /**
   * Do what the scanned code leads to.
   * @param {Partial<ActOutcome>} outcome
   * @param {Code} code
   */
  async function follow({ kind, open, uuid }, code) {
    if (kind === "scene") web.close(); // as in WeChat: such a code opens the conversation
    if (kind === "login") await decideLogin(uuid ?? code.text, true);
    else if (open) web.open(open);
    else if (kind === "text") say(t("scan.read", { text: code.text }));
  }

  /**
   * Let the user allow or refuse a website login.
   * @param {string} uuid
   * @param {boolean} isScanned true if the sandbox knows already that the code has been scanned
   */
  async function decideLogin(uuid, isScanned = false) {
    const { openid, account } = hand;
    if (!isScanned) await api.scanLogin(openid, uuid);
    const words = el("div", { class: "login-words" }, el("strong", {}, t("login.site", { name: account.name })), el("p", {}, t("login.wants")),
      el("p", { class: "quiet" }, (account.site_domains ?? []).join("  ")));
    const chosen = await confirmSheet(screen, t("login.title"), words,
      [{ label: t("refuse"), value: "refuse" }, { label: t("allow"), value: "allow", primary: true }], "login-sheet");
    if (chosen === "allow") {
      await api.confirmLogin(openid, uuid);
      say(t("login.done"));
    } else {
      await api.cancelLogin(openid, uuid);
    }
  }

  return scan;
}

/**
 * List the codes that this user's camera could scan now, newest first. A temporary code is scanned only once.
 * @param {World} world
 * @param {string} openid
 * @returns {CodeChoice[]}
 */
function codesInSight(world, openid) {
  const { logins = [], qr_codes = [] } = world.more;
  /** @param {number} created */
  const age = (created) => t("qr.age", { span: span(Math.max(1, Math.round(world.now() - created))) });
  const open = logins.filter(({ status }) => status === 408).reverse();
  const fresh = qr_codes.filter(({ permanent, scanned_by }) => permanent || !scanned_by.includes(openid)).reverse();
  return [
    ...open.map(({ uuid }) => ({ label: t("login.code"), hint: shortened(uuid), code: { login: uuid }, testid: "code-login" })),
    ...fresh.slice(0, OFFERED).map(({ scene, ticket, permanent, created }) => ({
      label: t("scan.sceneCode", { scene: shortened(String(scene)) }),
      hint: `${t(permanent ? "qr.permanent" : "qr.temporary")} · ${age(created)}`,
      code: { ticket },
      testid: "code-scene",
    })),
  ];
}

/** @param {string} text */
const shortened = (text) => (text.length > 20 ? `${text.slice(0, 12)}…${text.slice(-4)}` : text);
