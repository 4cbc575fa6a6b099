/** The control API's words in Chinese. */

export const KINDS = {
  subscription: "订阅号（未认证）",
  "subscription-verified": "订阅号（已认证）",
  service: "服务号（未认证）",
  "service-verified": "服务号（已认证）",
  test: "测试号",
};

export const MODES = { plain: "明文模式", compatible: "兼容模式", safe: "安全模式" };

/** outcome -> [words, whether WeChat takes it as an answer] */
export const OUTCOMES = {
  reply: ["已回复", true],
  success: ["success", true],
  empty: ["空回复", true],
  timeout: ["超时", false],
  "bad-status": ["状态码不对", false],
  "bad-reply": ["回复有误", false],
  refused: ["连不上", false],
};
