/*
 * The sandbox's JS-SDK: what res.wx.qq.com/open/js/jweixin-1.6.0.js is to WeChat. A page that loads it from
 * the sandbox's address has its wx.config checked by the sandbox (signature, page address, JS domain) and
 * gets the answers a phone would give. What is not simulated fails with "function not exist"; nothing
 * pretends to have worked.
 */
(function (global) {
  "use strict";

  // As the real script: a page that loads it twice keeps the first one and what it has been told.
  if (global.jWeixin) return;

  var SANDBOX = new URL(document.currentScript.src).origin;

  /** Every API of 1.6.0, so that a page can call and check the ones that are not simulated, too. */
  var NAMES = [
    "updateAppMessageShareData", "updateTimelineShareData", "onMenuShareTimeline", "onMenuShareAppMessage",
    "onMenuShareQQ", "onMenuShareWeibo", "onMenuShareQZone", "startRecord", "stopRecord", "onVoiceRecordEnd",
    "playVoice", "pauseVoice", "stopVoice", "onVoicePlayEnd", "uploadVoice", "downloadVoice", "translateVoice",
    "chooseImage", "previewImage", "uploadImage", "downloadImage", "getLocalImgData", "getNetworkType",
    "openLocation", "getLocation", "hideOptionMenu", "showOptionMenu", "hideMenuItems", "showMenuItems",
    "hideAllNonBaseMenuItem", "showAllNonBaseMenuItem", "closeWindow", "scanQRCode",
    "openProductSpecificView", "addCard", "chooseCard", "openCard", "chooseWXPay"
  ];

  /** Each takes the page's parameters and answers what goes into `res`. */
  var SIMULATED = {
    getNetworkType: function () {
      var connection = navigator.connection || {};
      var mobile = connection.type === "cellular";
      return { networkType: mobile ? connection.effectiveType : "wifi" };
    },
    updateAppMessageShareData: function (share) {
      tellPhone({ sandbox: "share", kind: "friend", data: shareData(share) });
    },
    updateTimelineShareData: function (share) {
      tellPhone({ sandbox: "share", kind: "timeline", data: shareData(share) });
    },
    hideOptionMenu: function () {
      tellPhone({ sandbox: "option-menu", visible: false });
    },
    showOptionMenu: function () {
      tellPhone({ sandbox: "option-menu", visible: true });
    },
    closeWindow: function () {
      tellPhone({ sandbox: "close" });
    },
    checkJsApi: function (wanted) {
      var checkResult = {};
      (wanted.jsApiList || []).forEach(function (name) {
        checkResult[name] = Object.prototype.hasOwnProperty.call(SIMULATED, name);
      });
      return { checkResult: checkResult };
    }
  };

  /** How long a debug box stays, in milliseconds. */
  var DEBUG_TIME = 4000;
  var boxes = document.createElement("div");
  boxes.style.cssText = "position:fixed;z-index:2147483647;left:10%;right:10%;top:12%;max-height:76%;" +
    "display:flex;flex-direction:column;gap:8px;overflow:auto";

  var settings = { jsApiList: [] };
  var verified = false;
  /** null until the sandbox has judged wx.config; then its answer, good or bad. */
  var judgement = null;
  var whenReady = [];
  var whenFailed = null;

  function tellPhone(message) {
    if (global.parent !== global) global.parent.postMessage(message, SANDBOX);
  }

  function shareData(share) {
    return { title: share.title, desc: share.desc, link: share.link, imgUrl: share.imgUrl };
  }

  function tellPage() {
    tellPhone({ sandbox: "page", title: document.title, url: location.href });
  }

  /** The signature covers the address without its fragment. */
  function pageAddress() {
    return location.href.split("#")[0];
  }

  function config(options) {
    settings = {
      debug: options.debug === true,
      appId: options.appId,
      timestamp: options.timestamp,
      nonceStr: options.nonceStr,
      signature: options.signature,
      jsApiList: options.jsApiList || []
    };
    verified = false;
    judgement = null;
    // text/plain: a request that a browser sends across origins without asking first.
    fetch(SANDBOX + "/_sandbox/jssdk/config", {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body: JSON.stringify({
        appId: settings.appId,
        timestamp: settings.timestamp,
        nonceStr: settings.nonceStr,
        signature: settings.signature,
        url: pageAddress(),
        jsApiList: settings.jsApiList
      })
    }).then(function (response) {
      return response.json();
    }).catch(function () {
      return { ok: false, errMsg: "config:fail" };
    }).then(judged);
  }

  /**
   * As in the real script: a refused config calls wx.error, and then the wx.ready callbacks all the same
   * ("config is done"), so a page must not take wx.ready for success.
   */
  function judged(answer) {
    verified = answer.ok === true;
    judgement = { errMsg: answer.errMsg || "config:fail" };
    debug("config", judgement);
    if (!verified && whenFailed) whenFailed(judgement);
    var callbacks = whenReady;
    whenReady = [];
    callbacks.forEach(function (callback) { callback(); });
  }

  function ready(callback) {
    if (judgement) callback();
    else whenReady.push(callback);
  }

  function error(callback) {
    whenFailed = callback;
    if (judgement && !verified) callback(judgement);
  }

  function refusal(name) {
    if (!verified) return "the permission value is offline verifying";
    if (name === "checkJsApi") return null;
    if (settings.jsApiList.indexOf(name) < 0) return "permission denied";
    if (!Object.prototype.hasOwnProperty.call(SIMULATED, name)) return "function not exist";
    return null;
  }

  /** Answers later, never during the call, because a phone does. */
  function invoke(name, options) {
    var handlers = options || {};
    setTimeout(function () {
      var why = refusal(name);
      var result = why ? {} : SIMULATED[name](handlers) || {};
      result.errMsg = name + ":" + (why || "ok");
      debug(name, result);
      var handler = why ? handlers.fail : handlers.success;
      if (handler) handler(result);
      if (handlers.complete) handlers.complete(result);
    });
  }

  /** With debug:true WeChat alerts every result. These boxes do the same without stopping the page. */
  function debug(name, result) {
    if (!settings.debug) return;
    if (!boxes.isConnected) (document.body || document.documentElement).appendChild(boxes);
    var box = document.createElement("div");
    box.setAttribute("role", "alert");
    box.textContent = name + "\n" + JSON.stringify(result, null, 2);
    box.style.cssText = "padding:12px 16px;border-radius:10px;background:rgba(40,40,40,.94);color:#fff;" +
      "font:13px/1.5 monospace;white-space:pre-wrap;overflow-wrap:anywhere;cursor:pointer";
    box.addEventListener("click", function () { box.remove(); });
    setTimeout(function () { box.remove(); }, DEBUG_TIME);
    boxes.appendChild(box);
  }

  var wx = {
    config: config,
    ready: ready,
    error: error,
    checkJsApi: function (options) { invoke("checkJsApi", options); }
  };
  NAMES.forEach(function (name) {
    wx[name] = function (options) { invoke(name, options); };
  });

  // The title can be set late and the address can change without a load: the phone is told each time.
  addEventListener("DOMContentLoaded", tellPage);
  addEventListener("load", tellPage);
  addEventListener("popstate", tellPage);
  addEventListener("hashchange", tellPage);
  addEventListener("pageshow", tellPage);

  global.wx = global.jWeixin = wx;
})(window);
