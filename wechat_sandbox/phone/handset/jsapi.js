/**
 * Answer the JS-SDK's calls on the phone: check the account's rights, ask the user, and make the result. The
 * page's script has already checked wx.config and jsApiList.
 */

/** @import { Hand } from "./hand.js" */
/** @import { Recording } from "./recorder.js" */

import * as server from "../api.js";
import { askFiles, askPlace, askScanResult } from "../dialogs.js";
import { webAddress } from "../dom.js";
import { reasonOf, t } from "../words.js";
import { choice, gallery, mapView } from "./overlay.js";
import { record } from "./recorder.js";

/** @typedef {{ status: "ok" | "cancel" | "fail", why?: string, result?: object }} Answer */

/**
 * The options of a call come from the page, which can put anything into them.
 * @typedef {Record<string, unknown>} Options
 */

/**
 * A page that is open in the web view.
 * @typedef {object} WebPage
 * @property {string} opened the address that was asked for
 * @property {string} url the address of now, which a reload loads
 * @property {boolean} introduced true if the page has said that it is shown, and its load event has yet to come
 * @property {boolean} silent true if it has loaded, and has yet to say that it is shown
 * @property {Map<string, Record<"title" | "desc" | "link" | "imgUrl", unknown>>} shares cards by the call that set them
 * @property {Set<string>} hidden ids of the items that the page has hidden in the menu behind ⋯
 * @property {boolean} menu false if the page has hidden ⋯ itself
 * @property {string | null} full where a snapshot's full service is
 * @property {(url: string) => void} open opens another page in the place of this one
 */

/** Verified accounts and test accounts have the right to share. @type {Set<string | undefined>} */
const MAY_SHARE = new Set(["subscription-verified", "service-verified", "test"]);

/** @type {(result?: object) => Answer} */
const ok = (result = {}) => ({ status: "ok", result });
/** @type {() => Answer} */
const cancel = () => ({ status: "cancel" });
/** @type {(why: string) => Answer} */
const fail = (why) => ({ status: "fail", why });

/** @type {[number, string][]} place in the picture from top to bottom, and colour */
const LANDSCAPE = [[0, "#8ecbff"], [0.6, "#e8f6ff"], [0.61, "#7cc27f"], [1, "#3f8f55"]];

/** Paint a picture, for a developer who has none at hand. */
function samplePicture() {
  const canvas = new OffscreenCanvas(480, 360);
  const paint = canvas.getContext("2d");
  if (!paint) throw new Error("no canvas");
  const sky = paint.createLinearGradient(0, 0, 0, 360);
  for (const [at, colour] of LANDSCAPE) sky.addColorStop(at, colour);
  paint.fillStyle = sky;
  paint.fillRect(0, 0, 480, 360);
  paint.fillStyle = "#ffd54a";
  paint.arc(370, 90, 44, 0, 7);
  paint.fill();
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * @param {HTMLElement} screen
 * @param {Hand} hand
 * @param {{ say: (text: string) => void }} actions
 */
export function phoneApi(screen, hand, { say }) {
  /** @type {Recording | null} */
  let recording = null;
  /** @type {string[]} addresses of the open page's pictures in this browser's memory */
  let urls = [];


  /** @param {unknown} item */
  const addressOf = (item) => {
    if (!(item instanceof Blob)) return webAddress(item);
    const url = URL.createObjectURL(item);
    urls.push(url);
    return url;
  };

  /** @type {(page: WebPage, options: Options, name: string) => Answer} */
  const share = (page, options, name) => {
    if (!MAY_SHARE.has(hand.account.kind)) return fail("permission denied");
    const { title, desc, link, imgUrl } = options;
    page.shares.delete(name);
    page.shares.set(name, { title, desc, link, imgUrl });
    return ok();
  };

  /** @type {(options: Options) => string[]} */
  const items = (options) => (Array.isArray(options.menuList) ? options.menuList.map(String) : []);

  /** @type {Record<string, (page: WebPage, options: Options, name: string) => Answer | Promise<Answer>>} */
  const calls = {
    updateAppMessageShareData: share,
    updateTimelineShareData: share,
    onMenuShareTimeline: share,
    onMenuShareAppMessage: share,
    onMenuShareQQ: share,
    onMenuShareWeibo: share,
    onMenuShareQZone: share,

    async chooseImage(_page, { count, sourceType }) {
      const most = Math.min(9, Math.max(1, Number(count) || 9));
      /** @param {string} source */
      const from = (source) => !Array.isArray(sourceType) || sourceType.includes(source);
      const source = await choice(screen, t("kind.image"), [
        from("camera") && { label: t("image.camera"), value: "camera" },
        from("album") && { label: t("image.album"), value: "album" },
        { label: t("sample.ours"), value: "sample" },
      ]);
      if (!source) return cancel();
      const files = source === "sample" ? [await samplePicture()] : await askFiles("image/*", { capture: source === "camera" ? "environment" : null });
      return files.length ? ok({ files: files.slice(0, most), sourceType: source === "camera" ? "camera" : "album" }) : cancel();
    },
    previewImage(_page, { current, urls: given }) {
      /** @type {unknown[]} */
      const wanted = Array.isArray(given) && given.length ? given : [current];
      const pictures = wanted.map(addressOf).filter((address) => address !== null);
      if (pictures.length === 0) return fail("invalid urls");
      gallery(screen, pictures, wanted.indexOf(current));
      return ok();
    },
    async uploadImage(_page, { file, isShowProgressTips }) {
      if (isShowProgressTips !== 0) say(t("upload.running"));
      return ok(await uploaded(file));
    },
    downloadImage: async (_page, { serverId }) => ok({ file: await server.media(String(serverId)) }),

    async getLocation() {
      const place = await askPlace(t("place.share"), t("allow"), t("place.shareHint"));
      if (!place) return cancel();
      return ok({ latitude: place.latitude, longitude: place.longitude, speed: 0, accuracy: 30 });
    },
    openLocation(_page, { latitude, longitude, name, address, scale }) {
      if (!Number.isFinite(Number(latitude)) || !Number.isFinite(Number(longitude))) return fail("invalid coordinate");
      mapView(screen, { latitude, longitude, name: String(name ?? ""), address: String(address ?? ""), scale });
      return ok();
    },
    async scanQRCode(page, { needResult }) {
      const answer = await askScanResult(t(Number(needResult) === 1 ? "scan.forPage" : "scan.forWeChat"));
      if (!answer) return cancel();
      if (Number(needResult) === 1) return ok({ resultStr: answer.type === "barcode" ? `CODE_128,${answer.result}` : answer.result });
      // WeChat itself handles the code: it opens an address in the place of this page.
      if (webAddress(answer.result) && /^https?:/i.test(answer.result)) setTimeout(() => page.open(answer.result));
      else say(t("scan.read", { text: answer.result }));
      return ok({ resultStr: "" });
    },

    getNetworkType() {
      // Chromium has this, and the types of the DOM do not.
      const { connection } = /** @type {{ connection?: { type?: string, effectiveType?: string } }} */ (navigator);
      const { type, effectiveType } = connection ?? {};
      return ok({ networkType: type === "cellular" ? effectiveType : "wifi" });
    },

    async startRecord() {
      if (recording) return fail("recording");
      try {
        recording = await record();
      } catch (error) {
        return error instanceof Error && error.name === "NotAllowedError" ? cancel() : fail(reasonOf(error));
      }
      screen.classList.add("recording");
      return ok();
    },
    stopRecord: async () => (recording ? ok({ file: await endRecord(recording) }) : fail("not recording")),
    /** Answer when the minute is over, if the page does not stop earlier. */
    async onVoiceRecordEnd() {
      if (!recording) return fail("not recording");
      const file = await recording.ended;
      recording = null;
      screen.classList.remove("recording");
      return ok({ file });
    },
    uploadVoice: async (_page, { file }) => ok(await uploaded(file)),
    downloadVoice: async (_page, { serverId }) => ok({ file: await server.media(String(serverId)) }),

    hideOptionMenu: (page) => ok(void (page.menu = false)),
    showOptionMenu: (page) => ok(void (page.menu = true)),
    hideMenuItems: (page, options) => ok(void items(options).forEach((id) => page.hidden.add(id))),
    showMenuItems: (page, options) => ok(void items(options).forEach((id) => page.hidden.delete(id))),
    hideAllNonBaseMenuItem: (page) => ok(void page.hidden.add("*")),
    showAllNonBaseMenuItem: (page) => ok(void page.hidden.clear()),
  };

  /** @param {Recording} mine */
  async function endRecord(mine) {
    recording = null;
    screen.classList.remove("recording");
    return mine.stop();
  }

  /**
   * Answer a page's call.
   * @param {WebPage} page
   * @param {string} name
   * @param {Options} options
   */
  async function call(page, name, options) {
    if (!Object.hasOwn(calls, name)) return fail("function not exist");
    try {
      return await calls[name](page, options, name);
    } catch (error) {
      return fail(reasonOf(error));
    }
  }

  /** Drop what belongs to the page that has been closed. */
  function leave() {
    if (recording) endRecord(recording);
    for (const url of urls) URL.revokeObjectURL(url);
    urls = [];
  }

  return { call, leave };
}

/**
 * Give the sandbox a file of the page.
 * @param {unknown} file
 */
async function uploaded(file) {
  if (!(file instanceof Blob)) throw new Error("localId not found");
  return { serverId: (await server.upload(file)).serverId };
}
