"use strict";
// Calls of npm `wechat-oauth` (node-webot). Its hosts are written into its code: its one door to the network,
// `request`, is opened to the sandbox instead.

const OAuth = require("wechat-oauth");
const { SANDBOX, APP_ID, APP_SECRET, CODE, OPENID } = process.env;

const oauth = new OAuth(APP_ID, APP_SECRET);
const request = oauth.request;
oauth.request = function (url, options, callback) {
  return request.call(this, url.replace("https://api.weixin.qq.com", SANDBOX), options, callback);
};
const call = (name, ...given) =>
  new Promise((resolve, reject) => {
    oauth[name](...given, (error, result) => (error ? reject(error) : resolve(result)));
  });

(async () => {
  const told = { url: oauth.getAuthorizeURL("http://127.0.0.1/back", "state1", "snsapi_userinfo") };
  if (CODE) {
    const tokens = (await call("getAccessToken", CODE)).data;
    told.openid = tokens.openid;
    told.nickname = (await call("getUser", tokens.openid)).nickname;
    told.refreshed = (await call("refreshAccessToken", tokens.refresh_token)).data.access_token === tokens.access_token;
    told.valid = (await call("verifyToken", tokens.openid, tokens.access_token)).errmsg;
    told.again = await call("getAccessToken", CODE).catch((error) => error.code);
    told.other = await call("verifyToken", OPENID, tokens.access_token).catch((error) => error.code);
  }
  console.log(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
