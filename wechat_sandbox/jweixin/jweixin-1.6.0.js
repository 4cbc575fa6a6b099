/*
 * The sandbox's JS-SDK: what res.wx.qq.com/open/js/jweixin-1.6.0.js is to WeChat. A page that loads it from
 * the sandbox's address has its wx.config checked by the sandbox (signature, page address, JS domain) and
 * gets the answers a phone would give. What happens on the screen is the phone's doing: it is told by
 * postMessage and answers so. What is not simulated fails with "function not exist"; nothing pretends to
 * have worked. Outside of the phone's web view it is as silent as the real one outside of WeChat: neither
 * wx.ready nor wx.error is called, unless `debug` is on.
 */
(function (global) {
  "use strict";

  // As the real script: a page that loads it twice keeps the first one and what it has been told.
  if (global.jWeixin) return;

  var SANDBOX = new URL(document.currentScript.src).origin;

  /** Done by the phone, with the page's parameters. */
  var PHONE = [
    "updateAppMessageShareData", "updateTimelineShareData", "openLocation", "getLocation",
    "scanQRCode", "getNetworkType", "hideOptionMenu", "showOptionMenu", "hideMenuItems", "showMenuItems",
    "hideAllNonBaseMenuItem", "showAllNonBaseMenuItem"
  ];
  /** Told once, called back each time the user shares the page; with the names under which WeChat reports it. */
  var SHARES = {
    onMenuShareTimeline: "shareTimeline", onMenuShareAppMessage: "sendAppMessage", onMenuShareQQ: "shareQQ",
    onMenuShareWeibo: "shareWeiboApp", onMenuShareQZone: "shareQZone"
  };
  /** Never called back by themselves: they say what to do when something ends. */
  var ENDINGS = ["onVoiceRecordEnd", "onVoicePlayEnd"];
  /** Known to the real script, not to this phone. */
  var ABSENT = ["translateVoice", "openProductSpecificView", "addCard", "chooseCard", "openCard", "chooseWXPay"];

  /** How long a debug box stays, in milliseconds. */
  var DEBUG_TIME = 4000;
  var boxes = document.createElement("div");
  boxes.style.cssText = "position:fixed;z-index:2147483647;left:10%;right:10%;top:12%;max-height:76%;" +
    "display:flex;flex-direction:column;gap:8px;overflow:auto";

  var settings = { jsApiList: [] };
  var verified = false;
  /** What the account has no right to, although it may be in jsApiList. */
  var denied = [];
  /** null until the sandbox has judged wx.config; then its answer, good or bad. */
  var judgement = null;
  var whenReady = [];
  var whenFailed = null;
  /** What the page has registered, by name: of SHARES and ENDINGS. */
  var registered = {};
  var inPhone = global.parent !== global;

  // -- the way to the phone

  var asked = 0;
  var waiting = {};

  function tellPhone(message) {
    if (inPhone) global.parent.postMessage(message, SANDBOX);
  }

  /** Promises what the phone answers: {status, why, result}. A page outside of WeChat has no phone. */
  function askPhone(name, options) {
    if (!inPhone) return Promise.resolve({ status: "fail", why: "function not exist" });
    return new Promise(function (resolve) {
      asked += 1;
      waiting[asked] = resolve;
      tellPhone({ sandbox: "call", id: asked, name: name, options: options });
    });
  }

  addEventListener("message", function (event) {
    var data = event.data;
    if (event.source !== global.parent || event.origin !== SANDBOX || !data) return;
    if (data.sandbox === "answer" && waiting[data.id]) {
      waiting[data.id](data);
      delete waiting[data.id];
    }
    if (data.sandbox === "shared") shared(data.kind, data.outcome);
  });

  /** What can travel: no functions, no elements. */
  function plain(options) {
    var copy = {};
    Object.keys(options).forEach(function (name) {
      if (options[name] instanceof Blob) copy[name] = options[name];
      else if (typeof options[name] !== "function" && options[name] !== undefined) {
        copy[name] = JSON.parse(JSON.stringify(options[name]));
      }
    });
    return copy;
  }

  /** `shown` goes with one of these messages only: the phone pairs it with the page's load. */
  function tellPage(event) {
    tellPhone({ sandbox: "page", title: document.title, url: location.href, shown: event.type === "pageshow" });
  }

  // -- pictures and sounds: a localId is an address that the page itself can show or play

  var files = {};
  var sounds = {};

  function localId(file) {
    var id = URL.createObjectURL(file);
    files[id] = file;
    return id;
  }

  /** Carries the file of a localId to the phone, or fails as WeChat does for an id it does not know. */
  function upload(options, name) {
    var file = files[options.localId];
    if (!file) return Promise.resolve({ status: "fail", why: "localId not found" });
    return askPhone(name, { file: file, isShowProgressTips: options.isShowProgressTips });
  }

  function withLocalId(answer) {
    if (answer.status !== "ok") return answer;
    return { status: "ok", result: { localId: localId(answer.result.file) } };
  }

  function download(options, name) {
    return askPhone(name, { serverId: options.serverId }).then(withLocalId);
  }

  function dataOf(file) {
    return new Promise(function (resolve) {
      var reader = new FileReader();
      reader.onload = function () { resolve(reader.result); };
      reader.readAsDataURL(file);
    });
  }

  function sound(id) {
    if (!sounds[id] && files[id]) {
      sounds[id] = new Audio(id);
      sounds[id].addEventListener("ended", function () { ended("onVoicePlayEnd", { localId: id }); });
    }
    return sounds[id];
  }

  function withSound(act) {
    return function (options) {
      var found = sound(options.localId);
      if (!found) return { status: "fail", why: "localId not found" };
      return Promise.resolve(act(found)).then(function () { return { status: "ok" }; }, function (error) {
        return { status: "fail", why: error.message };
      });
    };
  }

  /** Calls what the page has registered under `name`. */
  function ended(name, result) {
    var handlers = registered[name];
    if (!handlers) return;
    result.errMsg = name + ":ok";
    debug(name, result);
    if (handlers.success) handlers.success(result);
    if (handlers.complete) handlers.complete(result);
  }

  // -- the APIs; each answers {status, why, result} or a promise of it

  var SIMULATED = {
    checkJsApi: function (options) {
      var checkResult = {};
      (options.jsApiList || []).forEach(function (name) {
        checkResult[name] = Object.prototype.hasOwnProperty.call(SIMULATED, name) && denied.indexOf(name) < 0;
      });
      return { status: "ok", result: { checkResult: checkResult } };
    },
    closeWindow: function () {
      tellPhone({ sandbox: "close" });
      return { status: "ok" };
    },
    chooseImage: function (options) {
      return askPhone("chooseImage", plain(options)).then(function (answer) {
        if (answer.status !== "ok") return answer;
        return { status: "ok", result: { sourceType: answer.result.sourceType, localIds: answer.result.files.map(localId) } };
      });
    },
    // The phone cannot open a localId, which is the page's own: it gets the picture itself.
    previewImage: function (options) {
      var given = function (url) { return files[url] || url; };
      return askPhone("previewImage", { current: given(options.current), urls: (options.urls || []).map(given) });
    },
    getLocalImgData: function (options) {
      var file = files[options.localId];
      if (!file) return { status: "fail", why: "localId not found" };
      return dataOf(file).then(function (data) { return { status: "ok", result: { localData: data } }; });
    },
    startRecord: function () {
      return askPhone("startRecord", {}).then(function (answer) {
        if (answer.status === "ok") {
          askPhone("onVoiceRecordEnd", {}).then(withLocalId).then(function (end) {
            if (end.status === "ok") ended("onVoiceRecordEnd", end.result);
          });
        }
        return answer;
      });
    },
    stopRecord: function () { return askPhone("stopRecord", {}).then(withLocalId); },
    playVoice: withSound(function (audio) { return audio.play(); }),
    pauseVoice: withSound(function (audio) { audio.pause(); }),
    stopVoice: withSound(function (audio) { audio.pause(); audio.currentTime = 0; }),
    uploadImage: upload,
    uploadVoice: upload,
    downloadImage: download,
    downloadVoice: download
  };
  PHONE.forEach(function (name) {
    SIMULATED[name] = function (options) { return askPhone(name, plain(options)); };
  });
  Object.keys(SHARES).forEach(function (name) {
    SIMULATED[name] = function (options) { return askPhone(name, plain(options)); };
  });
  ENDINGS.forEach(function (name) {
    SIMULATED[name] = function () { return { status: "ok" }; };
  });

  // -- wx.config and what follows from it

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
    // The real script waits for WeChat's bridge, which is never there outside WeChat: nobody is called back.
    if (!inPhone && !settings.debug) return;
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
    denied = answer.denied || [];
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
    if (settings.jsApiList.indexOf(name) < 0 || denied.indexOf(name) >= 0) return "permission denied";
    if (!Object.prototype.hasOwnProperty.call(SIMULATED, name)) return "function not exist";
    return null;
  }

  // -- calls

  /** Answers later, never during the call, because a phone does. */
  function invoke(name, options) {
    var handlers = options || {};
    var why = refusal(name);
    var answer = why ? { status: "fail", why: why } : null;
    setTimeout(function () {
      Promise.resolve(answer || SIMULATED[name](handlers, name)).then(function (given) {
        settle(name, handlers, given);
      });
    });
  }

  function settle(name, handlers, answer) {
    var registers = Object.prototype.hasOwnProperty.call(SHARES, name) || ENDINGS.indexOf(name) >= 0;
    if (registers && answer.status === "ok") {
      registered[name] = handlers;
      return;
    }
    report(name, handlers, answer);
  }

  function report(name, handlers, answer) {
    var result = {};
    Object.keys(answer.result || {}).forEach(function (key) { result[key] = answer.result[key]; });
    result.errMsg = name + ":" + (answer.status === "fail" ? answer.why || "fail" : answer.status);
    debug(name, result);
    var handler = { ok: handlers.success, cancel: handlers.cancel, fail: handlers.fail }[answer.status];
    if (handler) handler(result);
    if (handlers.complete) handlers.complete(result);
  }

  /** The user has shared the page, or thought better of it. */
  function shared(name, outcome) {
    var handlers = registered[name];
    if (!handlers) return;
    if (handlers.trigger) handlers.trigger({ errMsg: SHARES[name] + ":ok" });
    report(SHARES[name], handlers, { status: outcome });
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

  var wx = { config: config, ready: ready, error: error };
  Object.keys(SIMULATED).concat(ABSENT).forEach(function (name) {
    wx[name] = function (options) { invoke(name, options); };
  });

  // The title can be set late and the address can change without a load: the phone is told each time.
  addEventListener("DOMContentLoaded", tellPage);
  addEventListener("load", tellPage);
  addEventListener("popstate", tellPage);
  addEventListener("hashchange", tellPage);
  addEventListener("pageshow", tellPage);
  // A script that comes late has missed them all.
  if (document.readyState === "complete") tellPage({ type: "pageshow" });

  global.wx = global.jWeixin = wx;
})(window);
