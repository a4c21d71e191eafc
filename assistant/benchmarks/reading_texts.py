"""Everyday texts in all languages for the benchmark of reading; nothing was fitted on them.

In them {n} becomes a whole number, {m} money, {d} a date, {t} a time of day and {p} a telephone number.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """What stands on pictures in one language."""

    pack: str
    """Tesseract's name of the language."""
    heading: str
    sentences: tuple[str, ...]
    """Of a page, each whole."""
    signs: tuple[tuple[str, ...], ...]
    """Each a few lines."""
    product: tuple[str, ...]
    """Name, what it is, how to use it, and until when."""
    wares: tuple[str, ...]
    """On a receipt, the sum's name last."""
    screen: tuple[str, ...]
    """A title, and what can be chosen."""


def _texts(pack: str, heading: str, sentences: str, signs: str, product: str, wares: str, screen: str) -> Texts:
    """Parts stand between bars, the lines of a sign between slashes with spaces."""
    parts = [tuple(text.split("|")) for text in (sentences, product, wares, screen)]
    return Texts(pack, heading, parts[0], tuple(tuple(sign.split(" / ")) for sign in signs.split("|")), *parts[1:])


TEXTS = {
    "en": _texts(
        "eng", "Notes for the caretaker",
        "The heating is checked on {d} between {t} and {t}.|Please leave the cellar door unlocked that morning.|The plumber needs about "
        "{n} minutes in each flat.|If you can't be at home, give your key to the neighbours.|Questions are answered at {p}.",
        "Push the button / and wait|Exit / Stairs {n}|Wet floor / please walk slowly",
        "Throat lozenges|With honey and sage, {n} mg each|Let one melt in the mouth, up to {n} a day|Best before {d}",
        "Brown bread|Apples|Washing powder|Light bulb|Total",
        "Settings|Bluetooth on|Brightness {n} %|Alarm at {t}|Storage almost full|Restart now",
    ),
    "es": _texts(
        "spa", "Aviso a los vecinos",
        "El ascensor se revisa el {d} a partir de las {t}.|Durante unas {n} horas habrá que usar la escalera.|Quien necesite ayuda con la "
        "compra puede llamar al {p}.|Rogamos disculpen las molestias.|La señora del tercero guarda las llaves del garaje.",
        "Empuje el botón / y espere|Salida / Planta {n}|Suelo mojado / camine despacio",
        "Caramelos de miel|Con salvia, {n} mg por unidad|Dejar deshacer en la boca, hasta {n} al día|Consumir antes del {d}",
        "Pan integral|Manzanas|Detergente|Bombilla|Total",
        "Ajustes|Bluetooth activado|Brillo {n} %|Alarma a las {t}|Memoria casi llena|Reiniciar ahora",
    ),
    "pt": _texts(
        "por", "Aviso aos moradores",
        "A caixa de água será limpa no dia {d}, às {t}.|O serviço não demora mais de {n} horas.|Guarde um pouco de água para o café da "
        "manhã.|O porteiro atende pelo telefone {p}.|Agradecemos a compreensão de todos.",
        "Aperte o botão / e aguarde|Saída / Andar {n}|Piso molhado / ande devagar",
        "Pastilhas de mel|Com sálvia, {n} mg cada|Deixe derreter na boca, até {n} por dia|Válido até {d}",
        "Pão integral|Maçãs|Sabão em pó|Lâmpada|Total",
        "Configurações|Bluetooth ligado|Brilho {n} %|Alarme às {t}|Memória quase cheia|Reiniciar agora",
    ),
    "fr": _texts(
        "fra", "Avis aux locataires",
        "Le ramoneur passera le {d} vers {t}.|Veuillez dégager l'accès à la cheminée.|La visite dure environ {n} minutes.|En cas "
        "d'absence, laissez la clé à la gardienne.|Renseignements au {p}.",
        "Appuyez sur le bouton / et attendez|Sortie / Étage {n}|Sol mouillé / marchez lentement",
        "Pastilles au miel|À la sauge, {n} mg chacune|Laisser fondre dans la bouche, {n} par jour au plus|À consommer avant le {d}",
        "Pain complet|Pommes|Lessive|Ampoule|Total",
        "Réglages|Bluetooth activé|Luminosité {n} %|Réveil à {t}|Mémoire presque pleine|Redémarrer",
    ),
    "de": _texts(
        "deu", "Aushang für das Treppenhaus",
        "Am {d} wird ab {t} das Wasser abgestellt.|Bitte füllen Sie rechtzeitig einen Eimer.|Die Arbeiten dauern höchstens {n} Stunden.|"
        "Wer Hilfe braucht, erreicht uns unter {p}.|Fahrräder gehören in den Keller, nicht vor die Haustür.",
        "Knopf drücken / und warten|Ausgang / Gleis {n}|Frisch gewischt / bitte langsam gehen",
        "Hustenbonbons|Mit Honig und Salbei, je {n} mg|Im Mund zergehen lassen, höchstens {n} am Tag|Mindestens haltbar bis {d}",
        "Vollkornbrot|Äpfel|Waschpulver|Glühbirne|Summe",
        "Einstellungen|Bluetooth ein|Helligkeit {n} %|Wecker um {t}|Speicher fast voll|Neu starten",
    ),
    "it": _texts(
        "ita", "Avviso ai condomini",
        "Il giorno {d} alle {t} verrà controllata la caldaia.|Si prega di lasciare libero il cortile.|Il tecnico resterà circa {n} "
        "minuti.|Chi non può essere in casa chiami il {p}.|Le biciclette vanno portate in cantina.",
        "Premere il pulsante / e attendere|Uscita / Binario {n}|Pavimento bagnato / camminare piano",
        "Caramelle al miele|Con salvia, {n} mg ciascuna|Sciogliere in bocca, non più di {n} al giorno|Da consumarsi entro il {d}",
        "Pane integrale|Mele|Detersivo|Lampadina|Totale",
        "Impostazioni|Bluetooth attivo|Luminosità {n} %|Sveglia alle {t}|Memoria quasi piena|Riavvia ora",
    ),
    "nl": _texts(
        "nld", "Bericht voor de bewoners",
        "Op {d} om {t} wordt de lift nagekeken.|Dat duurt ongeveer {n} minuten.|Zet uw fiets die dag niet in de gang.|Wie hulp nodig "
        "heeft, belt naar {p}.|De sleutel van de schuur ligt bij de buren.",
        "Druk op de knop / en wacht|Uitgang / Spoor {n}|Natte vloer / loop rustig",
        "Keelpastilles|Met honing en salie, {n} mg per stuk|In de mond laten smelten, hoogstens {n} per dag|Houdbaar tot {d}",
        "Volkorenbrood|Appels|Wasmiddel|Gloeilamp|Totaal",
        "Instellingen|Bluetooth aan|Helderheid {n} %|Wekker om {t}|Geheugen bijna vol|Opnieuw starten",
    ),
    "pl": _texts(
        "pol", "Ogłoszenie dla mieszkańców",
        "Dnia {d} o godzinie {t} zostanie wyłączony prąd.|Przerwa potrwa około {n} minut.|Prosimy nie korzystać wtedy z windy.|Pytania "
        "można zadać pod numerem {p}.|Klucz do piwnicy leży u sąsiadów.",
        "Naciśnij przycisk / i czekaj|Wyjście / Peron {n}|Mokra podłoga / idź powoli",
        "Pastylki miodowe|Z szałwią, po {n} mg|Rozpuścić w ustach, najwyżej {n} dziennie|Zużyć przed {d}",
        "Chleb razowy|Jabłka|Proszek do prania|Żarówka|Razem",
        "Ustawienia|Bluetooth włączony|Jasność {n} %|Budzik o {t}|Pamięć prawie pełna|Uruchom ponownie",
    ),
    "ja": _texts(
        "jpn", "住民の皆さまへ",
        "{d}の{t}からエレベーターの点検を行います。|作業は約{n}分かかります。|その間は階段をご利用ください。|お困りの方は{p}までお電話ください。|自転車は裏の駐輪場に置いてください。",
        "ボタンを押して / お待ちください|出口 / {n}番線|床がぬれています / ゆっくり歩いてください",
        "はちみつのど飴|一粒{n}mg|口の中でゆっくり溶かし、一日{n}粒まで|賞味期限 {d}",
        "食パン|りんご|洗剤|電球|合計",
        "設定|明るさ {n}%|目覚まし {t}|容量が残りわずかです|再起動する",
    ),
    "zh": _texts(
        "chi_sim", "致各位住户",
        "{d}上午{t}开始检查电梯。|工作大约需要{n}分钟。|请大家走楼梯，注意安全。|如果需要帮助，请打电话{p}。|自行车请放在后面的车棚里。",
        "请按按钮 / 稍等片刻|出口 / {n}号站台|地面湿滑 / 小心慢走",
        "蜂蜜润喉糖|每粒{n}毫克|含在嘴里慢慢融化，每天不超过{n}粒|保质期至 {d}",
        "全麦面包|苹果|洗衣粉|灯泡|合计",
        "设置|亮度 {n}%|闹钟 {t}|存储空间不足|重新启动",
    ),
    "ru": _texts(
        "rus", "Объявление для жильцов",
        "{d} с {t} не будет горячей воды.|Работы займут около {n} минут.|Просим не оставлять велосипеды у двери.|Вопросы по телефону {p}.",
        "Нажмите кнопку / и ждите|Выход / Этаж {n}", "Медовые леденцы|С шалфеем, по {n} мг|Не больше {n} в день|Годен до {d}",
        "Хлеб|Яблоки|Порошок|Лампочка|Итого", "Настройки|Яркость {n} %|Будильник {t}|Память почти заполнена",
    ),
    "uk": _texts(
        "ukr", "Оголошення для мешканців",
        "{d} з {t} не буде гарячої води.|Роботи триватимуть близько {n} хвилин.|Просимо не залишати велосипеди біля дверей.|Телефон {p}.",
        "Натисніть кнопку / і чекайте|Вихід / Поверх {n}", "Медові льодяники|З шавлією, по {n} мг|Не більше {n} на день|Вжити до {d}",
        "Хліб|Яблука|Порошок|Лампочка|Разом", "Налаштування|Яскравість {n} %|Будильник {t}|Пам'ять майже заповнена",
    ),
    "tr": _texts(
        "tur", "Apartman sakinlerine",
        "{d} günü saat {t} itibarıyla asansör bakımda olacak.|Çalışma yaklaşık {n} dakika sürer.|Lütfen merdiveni kullanın.|Telefon {p}.",
        "Düğmeye basın / ve bekleyin|Çıkış / Kat {n}", "Ballı pastil|Adaçaylı, {n} mg|Günde en çok {n} tane|Son tarih {d}",
        "Ekmek|Elma|Deterjan|Ampul|Toplam", "Ayarlar|Parlaklık {n} %|Alarm {t}|Bellek neredeyse dolu",
    ),
    "vi": _texts(
        "vie", "Thông báo cho cư dân",
        "Ngày {d} lúc {t} thang máy được kiểm tra.|Công việc mất khoảng {n} phút.|Xin đi cầu thang bộ.|Điện thoại {p}.",
        "Nhấn nút / và chờ|Lối ra / Tầng {n}", "Kẹo mật ong|Mỗi viên {n} mg|Không quá {n} viên một ngày|Hạn dùng {d}",
        "Bánh mì|Táo|Bột giặt|Bóng đèn|Tổng cộng", "Cài đặt|Độ sáng {n} %|Báo thức {t}|Bộ nhớ gần đầy",
    ),
    "id": _texts(
        "ind", "Pengumuman untuk penghuni",
        "Pada {d} pukul {t} lift akan diperiksa.|Pekerjaan memakan waktu sekitar {n} menit.|Silakan memakai tangga.|Telepon {p}.",
        "Tekan tombol / dan tunggu|Keluar / Lantai {n}", "Permen madu|Setiap butir {n} mg|Paling banyak {n} sehari|Baik sebelum {d}",
        "Roti|Apel|Sabun cuci|Lampu|Jumlah", "Pengaturan|Kecerahan {n} %|Alarm {t}|Memori hampir penuh",
    ),
    "ko": _texts(
        "kor", "주민 여러분께",
        "{d} {t}부터 승강기를 점검합니다.|작업은 약 {n}분 걸립니다.|그동안 계단을 이용해 주세요.|문의 전화 {p}.",
        "버튼을 누르고 / 기다리세요|출구 / {n}번 승강장", "꿀 사탕|한 알에 {n} mg|하루 {n}알까지|유통기한 {d}",
        "식빵|사과|세제|전구|합계", "설정|밝기 {n}%|알람 {t}|저장 공간이 부족합니다",
    ),
    "ar": _texts(
        "ara", "إعلان للسكان",
        "سيتم فحص المصعد يوم {d}.|يستغرق العمل حوالي {n} دقيقة.|يرجى استعمال الدرج.|المفتاح عند الجيران.",
        "اضغط الزر / وانتظر|مخرج / الطابق {n}", "حلوى العسل|كل حبة {n}|ليس أكثر من {n} في اليوم|صالح حتى {d}",
        "خبز|تفاح|صابون|مصباح|المجموع", "الإعدادات|السطوع {n}|الذاكرة ممتلئة تقريبا",
    ),
    "hi": _texts(
        "hin", "निवासियों के लिए सूचना",
        "{d} को {t} बजे लिफ्ट की जाँच होगी।|काम में लगभग {n} मिनट लगेंगे।|कृपया सीढ़ियों का उपयोग करें।|फ़ोन {p}।",
        "बटन दबाएँ / और रुकें|बाहर / मंज़िल {n}", "शहद की गोली|हर गोली {n} मिलीग्राम|दिन में {n} से ज़्यादा नहीं|अंतिम तिथि {d}",
        "रोटी|सेब|साबुन|बल्ब|कुल", "सेटिंग|चमक {n} %|अलार्म {t}|जगह लगभग भर गई है",
    ),
}  # fmt: skip
"""By two-letter code; the ten languages in which most is written first."""

DECIMAL_POINT = {"en", "ja", "zh", "ko", "ar", "hi"}
"""Languages that write 3.50; the others write 3,50."""
