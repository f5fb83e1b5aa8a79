"""What columns are called that hold offences, places, years and counts, by language, as national offices write it.

Written as the words of ``pipelines.collect.headings.role_words``. They decide only where the content of a
column does not.
"""

from __future__ import annotations

from pipelines.collect.headings.role_words import words

OFFENCES = words(
    any=r"iccs|icd(?:[ -]?10)?",
    en=r"offen[cs]es?|crimes?|type of crime|cause(?: of death)?|felony",
    es=r"delitos?|hecho delictivo|tipo de hecho|causa",
    fr=r"infractions?|index|libell[eé]|cause",
    de=r"straftat(?:en|engruppe)?|delikte?|schl[uü]ssel",
    pt=r"crimes?|natureza|delitos?",
    it=r"reat[oi]|delitt[oi]",
    nl=r"misdrijf|misdrijven|delict(?:en)?",
    pl=r"przestępstw\w*",
    ru=r"преступлени[йяе]|вид\w* преступлени[йя]|стать[яи]",
    uk=r"правопорушен\w+|злочин\w*",
    kk=r"қылмыс\w*|құқық бұзушылық\w*",
    el=r"αδ[ιί]κημα\w*|εγκλ[ηή]μα\w*",
    tr=r"suç(?:lar)?|suç tür\w+|suç grup\w+",
    id=r"kejahatan|tindak pidana|jenis (?:kejahatan|tindak pidana|kasus)",
    ms=r"jenayah",
    vi=r"tội phạm|tội danh|loại tội(?: phạm)?",
    ar=r"جريمة|جرائم|جناية|جنايات|جنحة|تهمة",
    he=r"עבירה|עבירות",
    ja=r"罪種|罪名|手口|犯罪",
    zh=r"案[类類件]|罪[名案行]|刑案",
    ko=r"죄종|죄명|범죄\s?(?:유형|분류|종류)",
    th=r"ความผิด|ฐานความผิด|คดี",
)
YEARS = words(
    en=r"years?|yr|period",
    es=r"años?|ano|anio|periodo|gesti[oó]n|vigencia",
    fr=r"ann[eé]e",
    de=r"jahr|berichtsjahr",
    it=r"anno",
    nl=r"jaar|perioden",
    pl=r"rok",
    ru=r"год|годы",
    uk=r"рік",
    kk=r"жыл",
    el=r"[εέ]τος",
    tr=r"yıl|yılı|yıllar",
    id=r"tahun",
    vi=r"năm",
    ar=r"سنة|عام",
    he=r"שנה",
    ja=r"年次|年度|年",
    zh=r"年份|年度|統計期|年別|年别|年",
    ko=r"연도|년도|시점|연별",
    th=r"ปี",
)
AREAS = words(
    any=r"geo|uf|fips|ibge|dane|iso3?|ubigeo|dpa",
    en=r"areas?|ref area|regions?|provinces?|states?|count(?:y|ies|ry)|districts?|prefectures?|governorates?|location"
    r"|police (?:area|district|force|station|province)|oblasts?|territor(?:y|ies)|municipalit(?:y|ies)|cit(?:y|ies)",
    es=r"cve[ _]ent|clave[ _]ent|entidad(?:es)?|provincia|departamento|dpto|regi[oó]n|municipio|comuna|cant[oó]n"
    r"|distrito|pa[ií]s",
    fr=r"d[eé]partement|r[eé]gion|commune|wilaya|pays",
    de=r"land|bundesland|kreis|kanton|gemeinde|bezirk",
    pt=r"estado|munic[ií]pio|regi[aã]o|distrito",
    it=r"provincia|regione|comune|territorio",
    nl=r"gemeente|provincie|regio\w*",
    pl=r"województwo|powiat|gmina",
    ru=r"регион|субъект\w*|область|район|территори[ия]",
    uk=r"область|регіон|район",
    kk=r"облыс\w*|аудан\w*|өңір\w*",
    el=r"περιφ[εέ]ρεια|νομ[οό]ς|δ[ηή]μος",
    tr=r"il|iller|ilçe|bölge",
    id=r"provinsi|kabupaten|kota|kepolisian daerah|polda|wilayah",
    ms=r"negeri|daerah",
    vi=r"tỉnh(?:[, ]+thành phố)?|địa phương|vùng",
    ar=r"محافظة|محافظات|منطقة|مناطق|ولاية|مدينة|دولة|بلد|مديرية",
    he=r"מחוז|עיר|יישוב|אזור|נפה",
    ja=r"都道府県|市区町村|地域|警察署|管区",
    zh=r"地[区區]|省市?|[县縣]市|直[辖轄]市|行政[区區]|機關別",
    ko=r"시도|시군구|지역|행정구역|관서",
    th=r"จังหวัด|ภาค|ภูมิภาค|พื้นที่|หน่วยงาน|อำเภอ",
)
COUNTS = words(
    ru=r"зарегистрирован\w*|количество|число",
    uk=r"обліковано|зареєстрован\w*|кількість",
    kk=r"тіркелген|саны",
    el=r"τελ/να|τελεσθ\w+|διαπραχθ\w+|αριθμ[οό]ς|πλ[ηή]θος",
    tr=r"sayısı|adedi?|suç sayısı",
    id=r"jumlah(?: kasus| kejahatan)?|kasus",
    vi=r"số vụ(?: án| việc)?|số lượng",
    it=r"numero|delitti denunciati",
    nl=r"aantal|geregistreerde misdrijven",
    pl=r"liczba|stwierdzon\w+",
    ar=r"عدد(?: \w+)*|مرتكبة|مسجلة",
    he=r"מספר(?: \w+)*|תיקים",
    ja=r"認知件数|発生件数|件数|認知",
    zh=r"[发發]生[数數]|立案[数數]|件[数數]|案件[数數]",
    ko=r"발생\s?건수|발생|건수|피해자\s?수",
    th=r"รับแจ้ง|จำนวน|รับคำร้องทุกข์",
)
