"use strict";
// An account's server by npm `node-easywechat`.

const { OfficialAccount, ServerRequest } = require("node-easywechat");
const { account, serve } = require("./serve");

serve(async (req, res) => {
  const app = new OfficialAccount({ app_id: account.appid, token: account.token, aes_key: account.aesKey });
  app.setRequest(await ServerRequest.createFromIncomingMessage(req));
  const server = app.getServer();
  server.with(async (message, next) => {
    if (message.MsgType === "text") return `你说：${message.Content}`;
    if (message.Event === "subscribe") return "欢迎";
    return next(message);
  });
  try {
    const answer = await server.serve();
    res.writeHead(answer.getStatusCode(), answer.getHeaders());
    res.end(answer.getBody());
  } catch (error) {
    res.writeHead(500).end(String(error));
  }
});
