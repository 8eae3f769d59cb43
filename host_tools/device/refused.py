"""What a unit refuses over MQTT, told to whoever asked: the code, why, and what to do."""

from ..unitkit.errors import AnswerIsNo, both

_NO = "{unit} 拒绝：{code} {why_zh}{hint_zh}", "{unit} refuses: {code} {why_en}{hint_en}"
# A unit says why in English, for it has no room for both; of other codes its own words are shown.
_WHY_ZH = {
    "signature": "命令没有正确签名",
    "no_key": "站点的密钥丢了，不执行任何远程命令",
    "counter": "命令编号没有增大",
    "clock": "站点的时钟还没有对时，判断不了命令是否过期",
    "expired": "命令已过期",
    "expires": "命令的有效期超过一天",
    "repeated": "这条命令已经应答过",
    "too_much": "站点现在内存不够",
    "no_publisher": "在用的程序里没有发布者公钥清单，只能用数据线升级",
    "publisher": "签名不是在用程序的公钥清单里任何一把的",
    "older": "比站点信任过的版本旧",
    "on_trial": "在用的程序还在试运行，另一份是它的退路",
    "digest": "收到的程序和摘要不符，已丢弃，再运行一次重传",
    "not_stored": "闪存写不下",
}
_CLOCKS = "；核对这台电脑和站点的时钟", "; compare the clocks of this computer and the unit"
_HINTS = {
    "expired": _CLOCKS,
    "expires": _CLOCKS,
    "clock": ("；等它对时，或在控制台用 time 设时钟", "; wait for its time server, or set the clock at its console"),
    "counter": _CLOCKS,
    "no_key": ("；用线更新（--port）", "; its key is lost: update it over the cable (--port)"),
}


class Refused(AnswerIsNo):
    """The unit says no, and why: `code` as docs/mqtt.md has it."""

    def __init__(self, unit_id: str, code: str, why: str):
        hint_zh, hint_en = _HINTS.get(code, ("", ""))
        fill = {"why_zh": _WHY_ZH.get(code, why), "why_en": why, "hint_zh": hint_zh, "hint_en": hint_en}
        super().__init__(both(_NO, unit=unit_id, code=code, **fill))
        self.code = code
