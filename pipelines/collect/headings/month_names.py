"""Names of the months in many languages, as texts write them: in full, in the cases they take, and abbreviated.

Names and abbreviations are those of the Unicode CLDR; those of the Levant and the Maghreb are added to the Arabic ones.
A name that means another month in another language (listopad in Croatian) is left out.
"""

from __future__ import annotations

_NAMES = (
    ("en", "january,february,march,april,may,june,july,august,september,october,november,december"),
    ("en", "jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec"),
    ("en", "jan,feb,mar,apr,may,jun,jul,aug,sept,oct,nov,dec"),
    ("es", "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre"),
    ("es", "ene,feb,mar,abr,may,jun,jul,ago,set,oct,nov,dic"),
    ("es", "enero,febrero,marzo,abril,mayo,junio,julio,agosto,setiembre,octubre,noviembre,diciembre"),
    ("fr", "janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre"),
    ("fr", "janv,fév,mars,avr,mai,juin,juil,aoû,sept,oct,nov,déc"),
    ("de", "januar,februar,märz,april,mai,juni,juli,august,september,oktober,november,dezember"),
    ("de", "jan,feb,mär,apr,mai,jun,jul,aug,sep,okt,nov,dez"),
    ("pt", "janeiro,fevereiro,março,abril,maio,junho,julho,agosto,setembro,outubro,novembro,dezembro"),
    ("pt", "jan,fev,mar,abr,mai,jun,jul,ago,set,out,nov,dez"),
    ("it", "gennaio,febbraio,marzo,aprile,maggio,giugno,luglio,agosto,settembre,ottobre,novembre,dicembre"),
    ("it", "gen,feb,mar,apr,mag,giu,lug,ago,set,ott,nov,dic"),
    ("nl", "januari,februari,maart,april,mei,juni,juli,augustus,september,oktober,november,december"),
    ("nl", "jan,feb,mrt,apr,mei,jun,jul,aug,sep,okt,nov,dec"),
    ("sv", "januari,februari,mars,april,maj,juni,juli,augusti,september,oktober,november,december"),
    ("sv", "jan,feb,mars,apr,maj,juni,juli,aug,sep,okt,nov,dec"),
    ("da", "januar,februar,marts,april,maj,juni,juli,august,september,oktober,november,december"),
    ("da", "jan,feb,mar,apr,maj,jun,jul,aug,sep,okt,nov,dec"),
    ("nb", "januar,februar,mars,april,mai,juni,juli,august,september,oktober,november,desember"),
    ("fi", "tammikuu,helmikuu,maaliskuu,huhtikuu,toukokuu,kesäkuu,heinäkuu,elokuu,syyskuu,lokakuu,marraskuu,joulukuu"),
    (
        "fi",
        "tammikuuta,helmikuuta,maaliskuuta,huhtikuuta,toukokuuta,kesäkuuta,"
        "heinäkuuta,elokuuta,syyskuuta,lokakuuta,marraskuuta,joulukuuta",
    ),
    ("pl", "styczeń,luty,marzec,kwiecień,maj,czerwiec,lipiec,sierpień,wrzesień,październik,listopad,grudzień"),
    ("pl", "sty,lut,mar,kwi,maj,cze,lip,sie,wrz,paź,lis,gru"),
    ("pl", "stycznia,lutego,marca,kwietnia,maja,czerwca,lipca,sierpnia,września,października,listopada,grudnia"),
    ("cs", "leden,únor,březen,duben,květen,červen,červenec,srpen,září,říjen,listopad,prosinec"),
    ("cs", "ledna,února,března,dubna,května,června,července,srpna,září,října,listopadu,prosince"),
    ("sk", "január,február,marec,apríl,máj,jún,júl,august,september,október,november,december"),
    ("sk", "januára,februára,marca,apríla,mája,júna,júla,augusta,septembra,októbra,novembra,decembra"),
    ("hu", "január,február,március,április,május,június,július,augusztus,szeptember,október,november,december"),
    ("ro", "ianuarie,februarie,martie,aprilie,mai,iunie,iulie,august,septembrie,octombrie,noiembrie,decembrie"),
    ("ro", "ian,feb,mar,apr,mai,iun,iul,aug,sept,oct,nov,dec"),
    ("bg", "януари,февруари,март,април,май,юни,юли,август,септември,октомври,ноември,декември"),
    ("bg", "яну,фев,март,апр,май,юни,юли,авг,сеп,окт,ное,дек"),
    ("sr", "јануар,фебруар,март,април,мај,јун,јул,август,септембар,октобар,новембар,децембар"),
    ("sl", "januar,februar,marec,april,maj,junij,julij,avgust,september,oktober,november,december"),
    ("lt", "sausis,vasaris,kovas,balandis,gegužė,birželis,liepa,rugpjūtis,rugsėjis,spalis,lapkritis,gruodis"),
    ("lt", "sausio,vasario,kovo,balandžio,gegužės,birželio,liepos,rugpjūčio,rugsėjo,spalio,lapkričio,gruodžio"),
    ("lv", "janvāris,februāris,marts,aprīlis,maijs,jūnijs,jūlijs,augusts,septembris,oktobris,novembris,decembris"),
    ("et", "jaanuar,veebruar,märts,aprill,mai,juuni,juuli,august,september,oktoober,november,detsember"),
    ("ru", "январь,февраль,март,апрель,май,июнь,июль,август,сентябрь,октябрь,ноябрь,декабрь"),
    ("ru", "янв,февр,март,апр,май,июнь,июль,авг,сент,окт,нояб,дек"),
    ("ru", "января,февраля,марта,апреля,мая,июня,июля,августа,сентября,октября,ноября,декабря"),
    ("ru", "янв,февр,мар,апр,мая,июн,июл,авг,сент,окт,нояб,дек"),
    ("uk", "січень,лютий,березень,квітень,травень,червень,липень,серпень,вересень,жовтень,листопад,грудень"),
    ("uk", "січ,лют,бер,квіт,трав,черв,лип,серп,вер,жовт,лист,груд"),
    ("uk", "січня,лютого,березня,квітня,травня,червня,липня,серпня,вересня,жовтня,листопада,грудня"),
    ("kk", "қаңтар,ақпан,наурыз,сәуір,мамыр,маусым,шілде,тамыз,қыркүйек,қазан,қараша,желтоқсан"),
    (
        "el",
        "ιανουάριος,φεβρουάριος,μάρτιος,απρίλιος,μάιος,ιούνιος,"
        "ιούλιος,αύγουστος,σεπτέμβριος,οκτώβριος,νοέμβριος,δεκέμβριος",
    ),
    ("el", "ιαν,φεβ,μάρ,απρ,μάι,ιούν,ιούλ,αύγ,σεπ,οκτ,νοέ,δεκ"),
    (
        "el",
        "ιανουαρίου,φεβρουαρίου,μαρτίου,απριλίου,μαΐου,ιουνίου,"
        "ιουλίου,αυγούστου,σεπτεμβρίου,οκτωβρίου,νοεμβρίου,δεκεμβρίου",
    ),
    ("el", "ιαν,φεβ,μαρ,απρ,μαΐ,ιουν,ιουλ,αυγ,σεπ,οκτ,νοε,δεκ"),
    ("tr", "ocak,şubat,mart,nisan,mayıs,haziran,temmuz,ağustos,eylül,ekim,kasım,aralık"),
    ("tr", "oca,şub,mar,nis,may,haz,tem,ağu,eyl,eki,kas,ara"),
    ("id", "januari,februari,maret,april,mei,juni,juli,agustus,september,oktober,november,desember"),
    ("id", "jan,feb,mar,apr,mei,jun,jul,agu,sep,okt,nov,des"),
    ("ms", "januari,februari,mac,april,mei,jun,julai,ogos,september,oktober,november,disember"),
    ("ms", "jan,feb,mac,apr,mei,jun,jul,ogo,sep,okt,nov,dis"),
    ("he", "ינואר,פברואר,מרץ,אפריל,מאי,יוני,יולי,אוגוסט,ספטמבר,אוקטובר,נובמבר,דצמבר"),
    ("ar", "يناير,فبراير,مارس,أبريل,مايو,يونيو,يوليو,أغسطس,سبتمبر,أكتوبر,نوفمبر,ديسمبر"),
    ("th", "มกราคม,กุมภาพันธ์,มีนาคม,เมษายน,พฤษภาคม,มิถุนายน,กรกฎาคม,สิงหาคม,กันยายน,ตุลาคม,พฤศจิกายน,ธันวาคม"),
    ("th", "ม.ค,ก.พ,มี.ค,เม.ย,พ.ค,มิ.ย,ก.ค,ส.ค,ก.ย,ต.ค,พ.ย,ธ.ค"),
    ("sw", "januari,februari,machi,aprili,mei,juni,julai,agosti,septemba,oktoba,novemba,desemba"),
    ("ca", "gener,febrer,març,abril,maig,juny,juliol,agost,setembre,octubre,novembre,desembre"),
    ("ar", "كانون الثاني,شباط,آذار,نيسان,أيار,حزيران,تموز,آب,أيلول,تشرين الأول,تشرين الثاني,كانون الأول"),
    ("ar", "جانفي,فيفري,مارس,أفريل,ماي,جوان,جويلية,أوت,سبتمبر,أكتوبر,نوفمبر,ديسمبر"),
)


def _key(name: str) -> str:
    """Return the form in which names are compared: capitals, final sigma, Turkish i and Greek accents do not matter."""
    folded = name.casefold().replace("i\u0307", "i").replace("ı", "i")
    return folded.translate(_GREEK)


_GREEK = str.maketrans("άέίϊΐόύ", "αειιιου")
_NUMBERS = {_key(name): number for _, names in _NAMES for number, name in enumerate(names.split(","), start=1)}
MONTH_NAMES = tuple(
    sorted({*_NUMBERS, *(name for _, names in _NAMES for name in names.split(","))}, key=len, reverse=True)
)
"""All names, the longest first, as the alternatives of a regular expression need them."""


def number_of_month(name: str) -> int:
    """Return the number of the month that has this name, in capitals or not, without a point after it.

    >>> number_of_month("Setembro"), number_of_month("ARALIK"), number_of_month("Ιανουάριος"), number_of_month("ก.ย")
    (9, 12, 1, 9)
    """
    return _NUMBERS[_key(name)]
