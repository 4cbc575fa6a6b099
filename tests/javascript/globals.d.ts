// Global names that the checked scripts set for one another.

/** An answer of the JS-SDK: errMsg, and the fields of the call. */
interface WxResult {
  errMsg: string;
  [field: string]: unknown;
}

/** The options of a call of the JS-SDK: its callbacks and its fields. */
interface WxOptions {
  success?: (result: WxResult) => void;
  cancel?: (result: WxResult) => void;
  fail?: (result: WxResult) => void;
  complete?: (result: WxResult) => void;
  trigger?: (result: WxResult) => void;
  [field: string]: unknown;
}

interface WxConfig {
  debug?: boolean;
  appId?: string;
  timestamp?: string | number;
  nonceStr?: string;
  signature?: string;
  jsApiList?: string[];
}

/** The object `wx` of the JS-SDK, as far as our pages use it. */
interface Wx {
  config(options: WxConfig): void;
  ready(callback: () => void): void;
  error(callback: (result: WxResult) => void): void;
  getNetworkType(options: WxOptions): void;
  updateAppMessageShareData(options: WxOptions): void;
  updateTimelineShareData(options: WxOptions): void;
}

declare const wx: Wx;

/** The options of wxLogin.js, as WeChat documents them. */
interface WxLoginOptions {
  id: string;
  appid: string;
  scope: string;
  redirect_uri: string;
  state?: string;
  self_redirect?: boolean;
  style?: string;
  styletype?: string;
  sizetype?: string;
  bgcolor?: string;
  rst?: string;
  href?: string;
  lang?: string;
  stylelite?: number;
  fast_login?: number;
  color_scheme?: string;
  onReady?: (ready: boolean) => void;
  onQRcodeReady?: () => void;
  onQRCodeReady?: () => void;
}

/** What static/jssdk.js tells about wx.config. */
interface JssdkOutcome {
  ok: boolean;
  /** Why it failed; "" if it did not. */
  reason: "" | "missing" | "outside" | "silent" | "refused";
  message: string;
}

interface Window {
  wx?: Wx;
  jWeixin?: Wx;
  WxLogin?: new (options: WxLoginOptions) => object;
  jssdk?: JssdkOutcome;
}
