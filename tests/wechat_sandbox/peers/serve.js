"use strict";
// What all the servers here have in common: a free port, and a line that says which.

const http = require("http");

exports.account = {
  appid: process.env.APP_ID,
  token: process.env.TOKEN,
  aesKey: process.env.AES_KEY,
};

exports.serve = (handle) => {
  const server = http.createServer(handle);
  server.listen(0, "127.0.0.1", () => {
    console.log(`peer ready http://127.0.0.1:${server.address().port}/wechat`);
  });
};
