"""Headings and titles as national publications write them, in languages other than those of western Europe."""

from __future__ import annotations

import pytest

from pipelines.collect.headings.captions import scale_factor, words_for_scale
from pipelines.collect.headings.kind_words import OF_SEX
from pipelines.collect.headings.kinds_of_figures import kind_of_heading, kind_of_title
from pipelines.collect.headings.kinds_of_years import words_for_other_year
from pipelines.collect.headings.month_names import MONTH_NAMES, number_of_month
from pipelines.collect.headings.parts_of_years import words_for_months_of_two_years, words_for_part_of_year
from pipelines.collect.headings.rates_in_words import words_for_rate
from pipelines.collect.headings.roles import stage_named
from schemas.words_of_totals import TOTALS, plain


@pytest.mark.parametrize(
    "heading",
    [
        *("検挙件数", "検挙率", "검거건수", "破獲數", "破案数", "Раскрыто", "Розкрито", "Ашылған", "Εξιχνιάσεις"),
        *("Persentase Penyelesaian", "תיקים שפוענחו", "الجرائم المكتشفة", "จับกุม (ราย)", "Wykryte"),
    ],
)
def test_cases_cleared_up(heading: str) -> None:
    assert kind_of_heading(heading) == "cases cleared up" or words_for_rate(heading)


@pytest.mark.parametrize(
    "heading",
    [
        *("検挙人員", "검거인원", "嫌疑犯人數", "Выявлено лиц", "Δράστες", "Số bị can", "חשודים", "عدد الجناة"),
        *("จับกุม (คน)", "Tersangka", "Şüpheli sayısı", "підозрювані"),
    ],
)
def test_suspects(heading: str) -> None:
    assert stage_named(heading) == "suspected"


@pytest.mark.parametrize(
    "heading",
    [
        *("認知件数", "発生件数", "발생건수", "發生數", "立案数(起)", "Зарегистрировано преступлений", "Обліковано"),
        *("Тіркелген", "Τελ/να", "Số vụ", "Jumlah Kasus", "מספר תיקים", "عدد الجرائم المرتكبة", "รับแจ้ง (ราย)"),
        *("преступления средней тяжести", "婦女暴行", "男女計", "계", "Media", "법률 위반"),
    ],
)
def test_recorded_offences_of_all_persons(heading: str) -> None:
    assert kind_of_heading(heading) in (None, "averages" if heading == "Media" else None)
    assert words_for_rate(heading) is None
    assert stage_named(heading) is None
    assert not any(one.search(heading) for one in OF_SEX.values())


@pytest.mark.parametrize(
    ("men", "women"), [("남자", "여자"), ("男", "女"), ("זכרים", "נקבות"), ("ذكور", "إناث"), ("Erkek", "Kadın")]
)
def test_men_and_women(men: str, women: str) -> None:
    assert [code for one in (men, women) for code, found in OF_SEX.items() if found.search(one)] == ["M", "F"]


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "検挙率(%)",
            "発生率",
            "검거율",
            "인구 10만명당 발생비",
            "破獲率",
            "构成(%)",
            "百分比",
            "割合",
            "Доля, в процентах",
        ),
        *("на 100 тис. населення", "שיעור ל-100,000 תושבים", "אחוז שינוי", "Tỷ lệ khám phá", "Risiko Penduduk"),
        *("النسبة", "ร้อยละ", "Ποσοστό", "yüz binde", "อัตราต่อแสน"),
    ],
)
def test_rates(heading: str) -> None:
    assert words_for_rate(heading)


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        *(
            ("刑法犯認知件数（単位：千件）", 1_000),
            ("单位：万起", 10_000),
            ("立案数(万起)", 10_000),
            ("단위: 천건", 1_000),
        ),
        *(("תיקים (אלפים)", 1_000), ("العدد بالآلاف", 1_000), ("(พันคดี)", 1_000), ("dalam ribuan", 1_000)),
        *(("Nghìn vụ", 1_000), ("(мың)", 1_000), ("у тис. осіб", 1_000)),
        *(
            ("単位:件、人、%", None),
            ("人口10万人当たり", None),
            ("每十万人口", None),
            ("千葉県", None),
            ("万引き", None),
        ),
    ],
)
def test_scales(text: str, factor: int | None) -> None:
    found = words_for_scale(text)
    assert (scale_factor(found) if found else None) == factor


@pytest.mark.parametrize(
    "text",
    [
        *("令和5年1～9月", "2023年1-9月", "截至2023年9月", "上半年", "第3四半期", "2023년 1월~9월", "상반기", "3분기"),
        *("за январь - сентябрь 2023 года", "січень–вересень", "I полугодие 2023", "9 tháng đầu năm", "Ocak-Eylül"),
        *(
            "ม.ค. - ก.ย. 2566",
            "ไตรมาส 3",
            "ינואר–ספטמבר",
            "يناير - سبتمبر",
            "النصف الأول",
            "Semester I",
            "Triwulan III",
        ),
        *("hingga September", "Ιανουάριος - Σεπτέμβριος", "gennaio-settembre", "styczeń-wrzesień", "қаңтар-қыркүйек"),
    ],
)
def test_parts_of_years(text: str) -> None:
    assert words_for_part_of_year(text)


@pytest.mark.parametrize(
    "text",
    [
        *("令和5年1～12月", "1월~12월", "январь-декабрь 2023", "OCAK - ARALIK", "ΙΑΝΟΥΑΡΙΟΣ - ΔΕΚΕΜΒΡΙΟΣ"),
        *("6个月以上", "4月～翌年3月", "12か月", "1-3", "tháng 1 đến tháng 12"),
    ],
)
def test_whole_years_and_durations(text: str) -> None:
    assert words_for_part_of_year(text) is None


def test_years_that_do_not_begin_in_january() -> None:
    assert words_for_months_of_two_years("4月～翌年3月") == "4月～翌年3月"
    assert all(map(words_for_other_year, ("令和5年度", "会計年度", "ปีงบประมาณ 2566", "năm tài chính", "mali yılı")))
    assert words_for_other_year("112年度") is None  # in Taiwan the calendar year


def test_titles_that_also_name_the_offences_recorded() -> None:
    assert kind_of_title("刑法犯 検挙件数") == "cases cleared up"
    assert kind_of_title("刑法犯 認知・検挙件数") is None
    assert kind_of_title("범죄 발생 및 검거 현황") is None


def test_month_names_in_capitals_are_those_of_the_list() -> None:
    assert [number_of_month(one.upper()) for one in MONTH_NAMES] == [number_of_month(one) for one in MONTH_NAMES]


def test_totals_are_found_in_the_form_in_which_words_are_compared() -> None:
    words = ("계", "합계", "計", "总计", "Усього", "Итого", "סך הכול", "الإجمالي", "ทั้งหมด", "Tổng số", "Σύνολο")
    assert all(plain(one) in TOTALS for one in words)
