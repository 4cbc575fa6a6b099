"""WeRoBot, without its session store."""

import settings
import werobot

robot = werobot.WeRoBot(
    token=settings.TOKEN,
    encoding_aes_key=settings.AES_KEY,
    app_id=settings.APP_ID,
    enable_session=False,
)


@robot.text
def echo(message):
    return message.content


application = robot.wsgi
