"""What pictures say, in English and in Japanese. Both tables have the same keys."""

from __future__ import annotations

from collections.abc import Mapping

EN: Mapping[str, str] = {
    "strip": "The last four weeks, hour by hour",
    "strip.said": "Used in {used}, awake in {awake} and paid for in {paid} of {known} hours.",
    "strip.unseen": " Nobody knows whether it was used in {unseen} of those awake.",
    "strip.unknown": " Nothing is known of {unknown} more.",
    "strip.used": "used",
    "strip.awake": "awake",
    "strip.paid": "paid for, not in use",
    "strip.asleep": "asleep",
    "strip.hatched": "hatched: not known",
    "bars": "Money by month",
    "bars.text": "{spent} $ of {always} $",
    "bars.said": "{month}: {text}.",
    "bars.spent": "spent",
    "bars.always": "always on",
}

JA: Mapping[str, str] = {
    "strip": "この4週間(1時間ごと)",
    "strip.said": "{known}時間のうち、使われたのは{used}時間、起動していたのは{awake}時間、"
    "費用がかかったのは{paid}時間です。",
    "strip.unseen": "起動中の{unseen}時間は、使われたかどうか分かりません。",
    "strip.unknown": "ほかに{unknown}時間は記録がありません。",
    "strip.used": "使用",
    "strip.awake": "起動",
    "strip.paid": "課金のみ",
    "strip.asleep": "休止",
    "strip.hatched": "斜線: 不明",
    "bars": "月ごとの費用",
    "bars.text": "{spent}ドル / {always}ドル",
    "bars.said": "{month}: {text}。",
    "bars.spent": "実際の費用",
    "bars.always": "常時起動の場合",
}
