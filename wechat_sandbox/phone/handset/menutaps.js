/** Do what a tap on a button of the account's menu does: ask the user, open a page, tell the sandbox. */

/** @import { MenuButton } from "../types.js" */
/** @import { Hand } from "./hand.js" */

import * as api from "../api.js";
import { askFile, askPlace, askScanResult } from "../dialogs.js";
import { el } from "../dom.js";
import { t } from "../words.js";
import { choice, confirmSheet } from "./overlay.js";

/**
 * What the user has answered: fields for the control API's tap.
 * @typedef {object} TapDetails
 * @property {string} [scan_result]
 * @property {string} [scan_type]
 * @property {string} [media_id]
 * @property {number} [latitude]
 * @property {number} [longitude]
 * @property {number} [scale]
 * @property {string} [label]
 * @property {string} [poiname]
 */

/**
 * Return the function that handles a tap. It throws the sandbox's refusal.
 * @param {HTMLElement} screen
 * @param {Hand} hand
 * @param {{ open: (url: string) => void, toEnd: () => void }} actions `open` opens a page in the web view, `toEnd`
 *   scrolls the chat to its end
 */
export function menuTaps(screen, hand, { open, toEnd }) {
  /**
   * Button types that ask the user something first; null means that the user has cancelled.
   * @type {Record<string, () => Promise<TapDetails | null>>}
   */
  const questions = {
    scancode_push: askScan,
    scancode_waitmsg: askScan,
    pic_sysphoto: () => askPicture(screen),
    pic_photo_or_album: () => askPicture(screen),
    pic_weixin: () => askPicture(screen),
    location_select: askPosition,
  };

  /**
   * A page opens at once, as in WeChat, which does not wait for the account's server.
   * @param {number[]} path
   * @param {MenuButton} item
   */
  return async (path, { type = "", url = "", appid, pagepath }) => {
    const details = Object.hasOwn(questions, type) ? await questions[type]() : {};
    if (details === null) return;
    if (type === "view") open(url);
    if (type === "miniprogram") showMiniProgram(screen, { appid, pagepath, url }, open);
    if (type === "scancode_push" && details.scan_result && /^https?:/.test(details.scan_result)) open(details.scan_result);
    toEnd();
    const answer = await api.tap(hand.openid, path, details);
    if (answer.open && type !== "view" && type !== "scancode_push") open(answer.open);
  };
}

async function askScan() {
  const answer = await askScanResult(t("scan.forMenu"));
  return answer && { scan_result: answer.result, scan_type: answer.type };
}

/** @param {HTMLElement} screen */
async function askPicture(screen) {
  const source = await choice(screen, t("kind.image"), [{ label: t("sample.file"), value: "file" }, { label: t("sample.ours"), value: "sample" }]);
  if (source !== "file") return source === null ? null : {};
  const file = await askFile("image/png,image/jpeg,image/gif");
  return file && { media_id: (await api.uploadMedia(file)).media_id };
}

async function askPosition() {
  const place = await askPlace();
  return place && { ...place, poiname: place.label };
}

/**
 * Say that there are no mini programs here, and offer the button's fallback page.
 * @param {HTMLElement} screen
 * @param {{ appid?: string, pagepath?: string, url: string }} program
 * @param {(url: string) => void} open
 */
async function showMiniProgram(screen, { appid, pagepath, url }, open) {
  const card = el("div", { class: "mini" }, el("strong", {}, t("miniprogram.title")), el("p", {}, t("miniprogram.text")),
    el("p", { class: "quiet" }, `${appid ?? ""} ${pagepath ?? ""}`));
  const options = [{ label: t("close"), value: null }, ...(url ? [{ label: t("miniprogram.fallback"), value: "open", primary: true }] : [])];
  const chosen = await confirmSheet(screen, t("miniprogram.title"), card, options, "miniprogram");
  if (chosen) open(url);
}
