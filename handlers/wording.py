"""The sentences that the engine itself says to users. bot/chat/wording.py says when each is sent."""

from bot import Wording

WORDING = Wording(
    sorry="抱歉，刚才出了点问题，请稍后再试。",
    still_working="还在处理，请稍等。好了之后，随便发一条消息就能收到结果。",
    more="继续",
    more_hint="……（未完，回复「继续」接着看）",
)
