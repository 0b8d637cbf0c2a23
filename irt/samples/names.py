"""Family and given names from which the simulated students' names are drawn."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


FAMILY = _words(
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水 "
    "山崎 森 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本"
)
FEMALE = _words(
    "陽葵 凛 紬 結菜 葵 芽依 莉子 咲良 美月 心春 遥 さくら "
    "ひまり 千尋 彩花 楓 美咲 真央 優奈 詩織 琴音 七海 あかり 夏希"
)
MALE = _words(
    "蓮 陽翔 湊 蒼 律 悠真 大和 颯太 樹 朝陽 健太 翔 悠人 直樹 拓海 晴 奏太 涼介 隼人 智也 航 圭吾 いつき 春樹"
)
FAMILY_LATIN = _words(
    "Anderson Baker Carter Dubois Evans Fischer Garcia Hughes Ivanova Jensen Kim Lopez Martin Nguyen O'Brien Patel "
    "Quinn Rossi Santos Tan Wilson Young"
)
FEMALE_LATIN = _words("Amelia Chloe Emma Grace Hannah Isla Lily Maya Nora Olivia Sofia Zoë")
MALE_LATIN = _words("Adam Daniel Ethan Felix Hugo Jack Leo Lucas Noah Oscar Samuel Theo")
