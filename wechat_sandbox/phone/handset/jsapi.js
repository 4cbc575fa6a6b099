/**
 * The phone's side of the JS-SDK: what a page's call does on the screen. The page's script has checked
 * config and jsApiList; here the account's rights are checked, the user asked, and the result made.
 * An answer is `{status: "ok" | "cancel" | "fail", why?, result?}`.
 */

import * as server from "../api.js";
import { askFile, askPlace, askScanResult } from "../dialogs.js";
import { webAddress } from "../dom.js";
import { t } from "../words.js";
import { choice, gallery, mapView } from "./overlay.js";
import { record } from "./recorder.js";

/** Sharing is a right of verified accounts and test accounts. */
const MAY_SHARE = new Set(["subscription-verified", "service-verified", "test"]);

const ok = (result = {}) => ({ status: "ok", result });
const cancel = () => ({ status: "cancel" });
const fail = (why) => ({ status: "fail", why });

/** A picture for whoever has none at hand. */
function samplePicture() {
  const canvas = new OffscreenCanvas(480, 360);
  const paint = canvas.getContext("2d");
  const sky = paint.createLinearGradient(0, 0, 0, 360);
  for (const [at, colour] of [[0, "#8ecbff"], [0.6, "#e8f6ff"], [0.61, "#7cc27f"], [1, "#3f8f55"]]) sky.addColorStop(at, colour);
  paint.fillStyle = sky;
  paint.fillRect(0, 0, 480, 360);
  paint.fillStyle = "#ffd54a";
  paint.arc(370, 90, 44, 0, 7);
  paint.fill();
  return canvas.convertToBlob({ type: "image/png" });
}

export function phoneApi(screen, hand, { say }) {
  let recording = null;
  /** Pictures that lie in this browser's memory for the page on show. */
  let urls = [];

  const addressOf = (item) => {
    if (!(item instanceof Blob)) return webAddress(item);
    const url = URL.createObjectURL(item);
    urls.push(url);
    return url;
  };

  const share = (page, options, name) => {
    if (!MAY_SHARE.has(hand.account.kind)) return fail("permission denied");
    const { title, desc, link, imgUrl } = options;
    page.shares.delete(name);
    page.shares.set(name, { title, desc, link, imgUrl });
    return ok();
  };

  const items = (options) => (Array.isArray(options.menuList) ? options.menuList.map(String) : []);

  const calls = {
    updateAppMessageShareData: share,
    updateTimelineShareData: share,
    onMenuShareTimeline: share,
    onMenuShareAppMessage: share,
    onMenuShareQQ: share,
    onMenuShareWeibo: share,
    onMenuShareQZone: share,

    async chooseImage(page, { count, sourceType }) {
      const most = Math.min(9, Math.max(1, Number(count) || 9));
      const from = (source) => !Array.isArray(sourceType) || sourceType.includes(source);
      const source = await choice(screen, t("kind.image"), [
        from("camera") && { label: t("image.camera"), value: "camera" },
        from("album") && { label: t("image.album"), value: "album" },
        { label: t("sample.ours"), value: "sample" },
      ]);
      if (!source) return cancel();
      const files = source === "sample" ? [await samplePicture()] : await askFile("image/*", { multiple: true, capture: source === "camera" ? "environment" : null });
      return files.length ? ok({ files: files.slice(0, most), sourceType: source === "camera" ? "camera" : "album" }) : cancel();
    },
    previewImage(page, { current, urls: wanted }) {
      const pictures = (Array.isArray(wanted) && wanted.length ? wanted : [current]).map(addressOf).filter(Boolean);
      if (pictures.length === 0) return fail("invalid urls");
      gallery(screen, pictures, (wanted ?? []).indexOf(current));
      return ok();
    },
    async uploadImage(page, { file, isShowProgressTips }) {
      if (isShowProgressTips !== 0) say(t("upload.running"));
      return ok({ serverId: (await server.upload(file)).serverId });
    },
    downloadImage: async (page, { serverId }) => ok({ file: await server.media(String(serverId)) }),

    async getLocation() {
      const place = await askPlace(t("place.share"), t("allow"), t("place.shareHint"));
      if (!place) return cancel();
      return ok({ latitude: place.latitude, longitude: place.longitude, speed: 0, accuracy: 30 });
    },
    openLocation(page, { latitude, longitude, name, address, scale }) {
      if (!Number.isFinite(Number(latitude)) || !Number.isFinite(Number(longitude))) return fail("invalid coordinate");
      mapView(screen, { latitude, longitude, name: String(name ?? ""), address: String(address ?? ""), scale });
      return ok();
    },
    async scanQRCode(page, { needResult }) {
      const answer = await askScanResult(t(Number(needResult) === 1 ? "scan.forPage" : "scan.forWeChat"));
      if (!answer) return cancel();
      if (Number(needResult) === 1) return ok({ resultStr: answer.type === "barcode" ? `CODE_128,${answer.result}` : answer.result });
      // WeChat itself looks after the code: an address is opened in the place of this page.
      if (webAddress(answer.result) && /^https?:/i.test(answer.result)) setTimeout(() => page.open(answer.result));
      else say(t("scan.read", { text: answer.result }));
      return ok({ resultStr: "" });
    },

    getNetworkType() {
      const { type, effectiveType } = navigator.connection ?? {};
      return ok({ networkType: type === "cellular" ? effectiveType : "wifi" });
    },

    async startRecord() {
      if (recording) return fail("recording");
      try {
        recording = await record();
      } catch (error) {
        return error.name === "NotAllowedError" ? cancel() : fail(error.message);
      }
      screen.classList.add("recording");
      return ok();
    },
    stopRecord: async () => (recording ? ok({ file: await endRecord() }) : fail("not recording")),
    /** Answers when the minute is over, if the page does not stop before. */
    async onVoiceRecordEnd() {
      if (!recording) return fail("not recording");
      const file = await recording.ended;
      recording = null;
      screen.classList.remove("recording");
      return ok({ file });
    },
    uploadVoice: async (page, { file }) => ok({ serverId: (await server.upload(file)).serverId }),
    downloadVoice: async (page, { serverId }) => ok({ file: await server.media(String(serverId)) }),

    hideOptionMenu: (page) => ok(void (page.menu = false)),
    showOptionMenu: (page) => ok(void (page.menu = true)),
    hideMenuItems: (page, options) => ok(void items(options).forEach((id) => page.hidden.add(id))),
    showMenuItems: (page, options) => ok(void items(options).forEach((id) => page.hidden.delete(id))),
    hideAllNonBaseMenuItem: (page) => ok(void page.hidden.add("*")),
    showAllNonBaseMenuItem: (page) => ok(void page.hidden.clear()),
  };

  async function endRecord() {
    const mine = recording;
    recording = null;
    screen.classList.remove("recording");
    return mine.stop();
  }

  async function call(page, name, options) {
    if (!Object.hasOwn(calls, name)) return fail("function not exist");
    try {
      return await calls[name](page, options, name);
    } catch (error) {
      return fail(error.message);
    }
  }

  /** The page is gone, and with it what it had in hand. */
  function leave() {
    if (recording) endRecord();
    for (const url of urls) URL.revokeObjectURL(url);
    urls = [];
  }

  return { call, leave };
}
