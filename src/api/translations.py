"""Everything that the page says, in English and in Japanese. Both tables have the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo

from api import board_words, picture_words
from controller.domain.formatting import DAYS, MONTHS
from controller.domain.money.month import Month

EN: Mapping[str, str] = {
    "asleep": "Asleep",
    "held": "On hold",
    "waking": "Waking up",
    "awake": "Awake",
    "degraded": "Awake, but not in full",
    "sleeping": "Going to sleep",
    "failed": "It could not wake",
    "blocked": "Something is in the way",
    "stuck": "It cannot get to sleep",
    "about.asleep": "Nothing of it is running. Waking takes about {usual}.",
    "about.held": "{by} holds it asleep until {until}.",
    "about.held_reason": "{by} holds it asleep until {until}: {reason}",
    "about.held_awake": "{by} holds it awake until {until}.",
    "about.waking": "You may close this page; it goes on by itself.",
    "about.sleeping": "It is being taken down. If you need it, wake it again.",
    "about.why": "{why}.",
    "about.awake": "It stays awake until {when}.",
    "about.awake_idle": "It stays awake until {when}, unless nobody uses it for {time}.",
    "about.degraded": "{serving} of {wanted} containers work. You can use it.",
    "about.degraded_named": "{name}: {serving} of {wanted} containers work.",
    "about.degraded_other": "You can use it, but a part of it is not as it should be.",
    "about.failed": "It is being taken down again, so that it costs no more than its Elastic IP.",
    "about.failed_done": "It was taken down again. Only its Elastic IP still costs money.",
    "about.blocked": "It was left alone: what stands there is not its own.",
    "todo.failed": "Try again. If that fails too, show the cause to whoever looks after it.",
    "todo.degraded": "It stays awake, and is looked at every few minutes. "
    "If it does not get better, show the cause to whoever looks after it.",
    "about.stuck": "Part of it could not be deleted, and still costs money. Dormouse keeps trying.",
    "todo.stuck": "Show the cause to whoever looks after it.",
    "todo.blocked": "Show this to whoever looks after it; then try again.",
    "cause": "Cause",
    "elapsed": "so far",
    "left": "about {left} left",
    "late": "longer than usual",
    "stale": "No news for {age}. It goes on once its controller answers again.",
    "lost": "No connection. Trying again.",
    "steps": "Steps",
    "step.done": "done",
    "step.waiting": "to come",
    "step.usual": "usually {usual}",
    "open": "Open the service",
    "opening": "It is awake. Taking you there.",
    "stay": "Stay here",
    "wake": "Wake it",
    "wake_for": "Wake for {time}",
    "wake_until": "Wake until {when}",
    "extend": "Keep it awake",
    "extend_for": "For {time}",
    "extend_until": "Until {when}",
    "hour": "1 hour",
    "hours": "{count} hours",
    "sleep": "Sleep now",
    "sleep_note": "It sleeps until the next opening, or until somebody wakes it.",
    "view_only": "This link shows how it stands; it cannot wake it.",
    "facts": "More",
    "why": "Why",
    "next": "Next",
    "next.awake": "Wakes {when}",
    "next.asleep": "Sleeps {when}",
    "next.nothing": "Nothing is planned; it sleeps until somebody wakes it.",
    "saved": "This month",
    "saved.text": "Saved {saved} $: it cost {spent} $ and would have cost {always} $ always on.",
    "saved.nothing": "It cost {spent} $; it has saved nothing yet.",
    "bookings": "Booked",
    "booking": "{by}: {opens} to {closes}",
    "booking.cancel": "Cancel",
    "book": "Book it for later",
    "book.at": "From",
    "book.for": "for",
    "book.reason": "What for (may be empty)",
    "book.do": "Book",
    "budget": "Budget of this month",
    "budget.text": "{spent} $ of {limit} $ are spent.",
    "budget.until": "As planned, it is used up on {when}.",
    "budget.lasts": "As planned, it lasts until the end of the month.",
    "budget.used_up": "It is used up. Until {when} only an admin link wakes it.",
    "budget.stops": "Office hours are out until then.",
    "holders": "Wanted by",
    "holder": "{by} until {when}",
    "at_doors": "Waiting for it",
    "at_door": "{by}, for {time}",
    "proof": "Could it wake?",
    "proof.could_wake": "Yes, looked at {when}",
    "proof.could_not_wake": "No, as things are (looked at {when}); whoever runs it has been told",
    "proof.not_looked_at": "Not everything could be looked at ({when})",
    "wake link": "a wake link",
    "zone": "Times are those of {zone}.",
    "load_balancer": "Load balancer",
    "target_group": "Target group",
    "listener": "Listener",
    "service": "Service",
    "autoscaling_target": "Autoscaling",
    "autoscaling_policy": "Scaling policy",
    "scheduled_action": "Scheduled scaling",
    "not_found": "This link does not work",
    "not_found.text": "It may be incomplete, run out, or withdrawn. "
    "Ask whoever gave it to you for a new one.",
    "out_of_scope": "This link may not do that",
    "out_of_scope.text": "Ask whoever gave it to you for one that may.",
    "bad_request": "That could not be understood",
    "bad_request.text": "Nothing was changed. Go back to the page and use its buttons.",
    "from_elsewhere": "That came from another site",
    "from_elsewhere.text": "Nothing was changed. Open the link itself and press the button there.",
    "not_awake": "It is not awake any more",
    "not_awake.text": "There was nothing to extend. Go back to the page and wake it.",
    "over_budget": "Enough for one day",
    "over_budget.text": "This link has woken it as often as it may within a day. "
    "Try again later, or ask for another link.",
    "used_up": "This month's budget is used up",
    "used_up.text": "Only an admin link wakes it until the month is over. "
    "Ask whoever looks after it.",
    "unavailable": "No answer just now",
    "unavailable.text": "Nothing was changed. Try again in a moment.",
    "unsure": "Perhaps it was recorded",
    "unsure.text": "Whether what you asked for was recorded is not known. Go back to the page and "
    "look; to press twice does no harm.",
    "recorded": "It is recorded",
    "recorded.text": "How things stand cannot be read just now. Look at the page in a moment.",
    "back": "Back to the page",
    # why, by the rule that decided
    "rule.hold": "held by {by} until {until}",
    "rule.lease": "{by} asked for it",
    "rule.opening": "made ready for office hours at {opens_at}",
    "rule.office_hours": "office hours",
    "rule.booking": "booked by {by} from {opens_at} to {closes_at}",
    "rule.finish_wake": "the wake that has begun is finished first",
    "rule.min_awake": "nobody asks for it any more; it stays until {until} at least",
    "rule.paid_hour": "nobody asks for it any more; the hour is paid, so it stays until {until}",
    "rule.unknown": "it may be unused, but nothing says so for sure",
    "rule.idle": "nobody used it",
    "rule.over": "the time that was asked for is over",
    "rule.max_awake": "it was awake for as long as it may be outside office hours",
    "rule.failed": "the wake failed",
    "rule.nobody": "nobody has asked for it",
    "rule.slept.hold": "it was sent to sleep",
    # phases and steps, by the words of the records
    "phase.failed": "being taken down",
    "phase.taking down what the earlier configuration made": "clearing away an earlier version",
    "phase.its old self is still leaving": "waiting until the one before is gone",
    "phase.waits": "waiting for another step",
    "phase.creating": "creating",
    "phase.updating": "updating",
    "phase.deleting": "deleting",
    "phase.releasing": "releasing",
    "phase.draining": "finishing what it serves",
    "phase.load balancer starting": "load balancer starting",
    "phase.load balancer being deleted": "load balancer being deleted",
    "phase.task starting": "container starting",
    "phase.autoscaling being set up": "being set up",
    "phase.autoscaling being removed": "being removed",
    "phase.health check": "health check",
    "phase.listener being made": "listener being made",
    "phase.target group being made": "target group being made",
    "phase.Elastic IP": "waiting until AWS has freed the address",
}

JA: Mapping[str, str] = {
    "asleep": "眠っています",
    "held": "保留中です",
    "waking": "起動しています",
    "awake": "動いています",
    "degraded": "動いていますが、一部に問題があります",
    "sleeping": "眠りにつくところです",
    "failed": "起動できませんでした",
    "blocked": "起動を妨げるものがあります",
    "stuck": "眠れずにいます",
    "about.asleep": "いまは何も動いていません。起動にはおよそ{usual}かかります。",
    "about.held": "{until}まで、{by}が眠らせています。",
    "about.held_reason": "{until}まで、{by}が眠らせています: {reason}",
    "about.held_awake": "{until}まで、{by}が起こしています。",
    "about.waking": "このページを閉じても、起動は続きます。",
    "about.sleeping": "片付けているところです。必要なら、もう一度起こしてください。",
    "about.why": "{why}",
    "about.awake": "{when}まで動きます。",
    "about.awake_idle": "{when}まで動きます。{time}使われなければ、早めに眠ります。",
    "about.degraded": "コンテナ{wanted}個のうち{serving}個が動いています。そのまま使えます。",
    "about.degraded_named": "{name}: コンテナ{wanted}個のうち{serving}個が動いています。",
    "about.degraded_other": "使えますが、一部が本来の状態ではありません。",
    "about.failed": "固定アドレスのほかに費用がかからないよう、片付けているところです。",
    "about.failed_done": "片付けは終わりました。費用は固定アドレスの分だけです。",
    "about.blocked": "自分のものではないため、手をつけていません。",
    "todo.failed": "もう一度お試しください。"
    "それでも起動しないときは、原因を管理者に伝えてください。",
    "todo.degraded": "起動したまま、数分おきに確認しています。"
    "良くならないときは、原因を管理者に伝えてください。",
    "about.stuck": "一部を削除できず、費用がかかり続けています。自動で再試行しています。",
    "todo.stuck": "原因を管理者に伝えてください。",
    "todo.blocked": "この内容を管理者に伝えてから、もう一度お試しください。",
    "cause": "原因",
    "elapsed": "経過",
    "left": "あと約{left}",
    "late": "いつもより時間がかかっています",
    "stale": "{age}のあいだ更新がありません。制御側が応答しだい、続きから進みます。",
    "lost": "接続できません。再試行しています。",
    "steps": "手順",
    "step.done": "完了",
    "step.waiting": "これから",
    "step.usual": "通常{usual}",
    "open": "サービスを開く",
    "opening": "起動しました。サービスへ移動します。",
    "stay": "このページにとどまる",
    "wake": "起こす",
    "wake_for": "{time}起こす",
    "wake_until": "{when}まで起こす",
    "extend": "延長する",
    "extend_for": "いまから{time}",
    "extend_until": "{when}まで",
    "hour": "1時間",
    "hours": "{count}時間",
    "sleep": "いますぐ眠らせる",
    "sleep_note": "次の開始時刻か、だれかが起こすまで眠ります。",
    "view_only": "このリンクは表示専用です。起こすことはできません。",
    "facts": "くわしく",
    "why": "理由",
    "next": "予定",
    "next.awake": "{when}に起動",
    "next.asleep": "{when}に眠る",
    "next.nothing": "予定はありません。だれかが起こすまで眠ります。",
    "saved": "今月",
    "saved.text": "{saved}ドルの節約です。費用は{spent}ドル、"
    "ずっと動かしていれば{always}ドルでした。",
    "saved.nothing": "費用は{spent}ドルです。節約はまだありません。",
    "bookings": "予約",
    "booking": "{by}: {opens}から{closes}まで",
    "booking.cancel": "取り消す",
    "book": "あとで使う予約をする",
    "book.at": "開始",
    "book.for": "長さ",
    "book.reason": "目的(省略できます)",
    "book.do": "予約する",
    "budget": "今月の予算",
    "budget.text": "{limit}ドルのうち{spent}ドルを使いました。",
    "budget.until": "いまの予定では、{when}に使い切ります。",
    "budget.lasts": "いまの予定では、月末まで足ります。",
    "budget.used_up": "使い切りました。{when}までは、管理者用のリンクでだけ起こせます。",
    "budget.stops": "それまで営業時間にも起きません。",
    "holders": "利用者",
    "holder": "{by}({when}まで)",
    "at_doors": "待機中",
    "at_door": "{by}({time})",
    "proof": "起動できる状態か",
    "proof.could_wake": "はい({when} に確認)",
    "proof.could_not_wake": "いいえ。このままでは起動できません({when} に確認)。"
    "担当者には連絡済みです",
    "proof.not_looked_at": "確認できない項目がありました({when})",
    "wake link": "起動リンク",
    "zone": "時刻は{zone}のものです。",
    "load_balancer": "ロードバランサー",
    "target_group": "ターゲットグループ",
    "listener": "リスナー",
    "service": "サービス",
    "autoscaling_target": "オートスケーリング",
    "autoscaling_policy": "スケーリングポリシー",
    "scheduled_action": "スケジュールされたスケーリング",
    "not_found": "このリンクは使えません",
    "not_found.text": "途中で切れているか、期限が過ぎたか、取り消された可能性があります。"
    "リンクをくれた人に、新しいものを頼んでください。",
    "out_of_scope": "このリンクではその操作はできません",
    "out_of_scope.text": "操作できるリンクを、リンクをくれた人に頼んでください。",
    "bad_request": "内容を読み取れませんでした",
    "bad_request.text": "何も変更していません。ページに戻り、ボタンを使ってください。",
    "from_elsewhere": "別のサイトから送られた操作です",
    "from_elsewhere.text": "何も変更していません。リンクを直接開いて、ボタンを押してください。",
    "not_awake": "もう動いていません",
    "not_awake.text": "延長できませんでした。ページに戻り、起こしてください。",
    "over_budget": "本日の上限に達しました",
    "over_budget.text": "このリンクで1日に起こせる回数を使い切りました。"
    "時間をおいて試すか、別のリンクを頼んでください。",
    "used_up": "今月の予算を使い切りました",
    "used_up.text": "月が変わるまで、起こせるのは管理者用のリンクだけです。"
    "管理者に相談してください。",
    "unavailable": "いま応答できません",
    "unavailable.text": "何も変更していません。少し待ってから、もう一度お試しください。",
    "unsure": "記録されたか分かりません",
    "unsure.text": "依頼が記録されたかどうか分かりません。ページに戻って確かめてください。"
    "二度押しても問題ありません。",
    "recorded": "記録しました",
    "recorded.text": "いまの状態を読めません。少し待ってから、ページを見てください。",
    "back": "ページに戻る",
    "rule.hold": "{by}が{until}まで固定",
    "rule.lease": "{by}の依頼",
    "rule.opening": "{opens_at}の営業開始に向けて準備",
    "rule.office_hours": "営業時間内",
    "rule.booking": "{by}の予約({opens_at}から{closes_at}まで)",
    "rule.finish_wake": "始まった起動を終えるため",
    "rule.min_awake": "依頼はもうありませんが、少なくとも{until}まで動きます",
    "rule.paid_hour": "依頼はもうありませんが、支払い済みの時間が残るため{until}まで動きます",
    "rule.unknown": "使われていないかもしれませんが、確かではありません",
    "rule.idle": "だれも使っていなかったため",
    "rule.over": "依頼された時間が終わったため",
    "rule.max_awake": "営業時間外に続けて動ける上限に達したため",
    "rule.failed": "起動に失敗したため",
    "rule.nobody": "だれも依頼していません",
    "rule.slept.hold": "眠らせる操作があったため",
    "phase.failed": "片付けています",
    "phase.taking down what the earlier configuration made": "以前の構成を片付けています",
    "phase.its old self is still leaving": "以前のものの削除待ち",
    "phase.waits": "ほかの手順の完了待ち",
    "phase.creating": "作成中",
    "phase.updating": "更新中",
    "phase.deleting": "削除中",
    "phase.releasing": "解放中",
    "phase.draining": "処理中の通信の終了待ち",
    "phase.load balancer starting": "ロードバランサーの起動",
    "phase.load balancer being deleted": "ロードバランサーの削除",
    "phase.task starting": "コンテナの起動",
    "phase.autoscaling being set up": "設定中",
    "phase.autoscaling being removed": "削除中",
    "phase.health check": "ヘルスチェック",
    "phase.listener being made": "リスナーの作成",
    "phase.target group being made": "ターゲットグループの作成",
    "phase.Elastic IP": "アドレスが空くのを待っています",
}

TABLES: Mapping[str, Mapping[str, str]] = {
    "en": {**EN, **picture_words.EN, **board_words.EN},
    "ja": {**JA, **picture_words.JA, **board_words.JA},
}

_DAYS = {"en": DAYS, "ja": "月火水木金土日"}
_UNITS = {"en": (" h", " min", " s", " "), "ja": ("時間", "分", "秒", "")}


class Translations:
    """One language, with moments as they are read in one time zone at `now`."""

    def __init__(self, language: str, zone: tzinfo, now: datetime) -> None:
        self.language = language
        self._table = TABLES[language]
        self._zone = zone
        self._today = now.astimezone(zone).date()

    def __call__(self, key: str, **values: str) -> str:
        return self._table[key].format(**values) if values else self._table[key]

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def phase(self, text: str) -> str:
        """A phase or step of the records; what the table lacks stays as AWS or the pass said it."""
        for beginning in ("Elastic IP", "waits"):
            if text.startswith(f"{beginning} "):
                return self._table[f"phase.{beginning}"]
        return self._table.get(f"phase.{text}", text)

    def moment(self, moment: datetime) -> str:
        """Write "18:00" on the same day, "Tue 24 Nov 09:00" on another."""
        local = moment.astimezone(self._zone)
        day, time = _DAYS[self.language][local.weekday()], f"{local.hour:02}:{local.minute:02}"
        if local.date() == self._today:
            return time
        if self.language == "ja":
            return f"{local.month}月{local.day}日({day}) {time}"
        return f"{day} {local.day} {MONTHS[local.month - 1]} {time}"

    def day(self, day: date) -> str:
        """A date without its year: "23 Nov"."""
        if self.language == "ja":
            return f"{day.month}/{day.day}"
        return f"{day.day} {MONTHS[day.month - 1]}"

    def month(self, month: Month) -> str:
        """The name of a month; its year where that is another one."""
        if self.language == "ja":
            name = f"{month.month}月"
            return name if month.year == self._today.year else f"{month.year % 100}年{name}"
        name = MONTHS[month.month - 1]
        return name if month.year == self._today.year else f"{name} {month.year % 100:02}"

    def duration(self, duration: timedelta) -> str:
        """Write "1 h 5 min" or "40 s"; seconds only below ten minutes."""
        seconds = max(0, round(duration.total_seconds()))
        hours, minutes, seconds = seconds // 3600, seconds % 3600 // 60, seconds % 60
        hour, minute, second, space = _UNITS[self.language]
        parts = [f"{hours}{hour}"] if hours else []
        if minutes:
            parts.append(f"{minutes}{minute}")
        if not parts or (seconds and not hours and minutes < 10):
            parts.append(f"{seconds}{second}")
        return space.join(parts)

    def about(self, duration: timedelta) -> str:
        """A guess, in steps that do not pretend to know better: 10 s below a minute, else 30 s."""
        step = 10 if duration < timedelta(minutes=1) else 30
        rounded = max(step, -(-int(duration.total_seconds()) // step) * step)
        return self.duration(timedelta(seconds=rounded))
