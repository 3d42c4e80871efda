/** The shop's vocabulary: enough names, places and sentences for rows that read like a real shop's. */

/** What the shop is called, in its settings and on the dashboard. */
export const shopName = "Marlow & Finch";

/** A country the shop sends to: its language, its people's names and its towns with postcodes. */
export interface Country {
  readonly code: string;
  readonly language: string;
  readonly given: readonly string[];
  readonly family: readonly string[];
  readonly towns: readonly (readonly [town: string, postcode: string])[];
  readonly streets: readonly string[];
  /** Family name before given name. */
  readonly familyFirst?: boolean;
}

const list = (text: string) => text.split(", ");
const towns = (text: string) => list(text).map((entry): [string, string] => split(entry));
function split(entry: string): [string, string] {
  const at = entry.indexOf("|");
  return [entry.slice(0, at), entry.slice(at + 1)];
}

/** Busiest country first. */
export const countries: readonly Country[] = [
  {
    code: "GB",
    language: "en",
    given: list("Ada, Bronwen, Callum, Daisy, Edmund, Freya, George, Hattie, Imogen, Jude, Kit, Lowri, Maeve, Ned, Olive, Rowan"),
    family: list("Ashdown, Blackwood, Carver, Davies, Ellery, Fairfax, O’Connor, Hughes, Marsh, Okafor, Pemberton, Quill, Tanner, Wren"),
    towns: towns("Bristol|BS1 4ST, York|YO1 7HH, Leeds|LS2 8BT, Cardiff|CF10 1EP, Edinburgh|EH1 1RE, Hebden Bridge|HX7 6EU"),
    streets: list("Mill Lane, Quay Street, Orchard Row, Station Road, Harbour Steps, St John’s Hill"),
  },
  {
    code: "DE",
    language: "de",
    given: list("Anneliese, Björn, Cläre, Dörte, Emil, Frieda, Götz, Jörg, Käthe, Lennart, Mia, Sören, Ümit, Wiebke"),
    family: list("Bäcker, Özdemir, Groß, Hölderlin, Jäger, Köhler, Müller, Nußbaum, Schäfer, Weiß, Zöllner"),
    towns: towns("Köln|50667, München|80331, Göttingen|37073, Lübeck|23552, Weißenfels|06667, Tübingen|72070"),
    streets: list("Bäckergasse, Große Straße, Am Mühlbach, Schloßallee, Lindenweg, Königstraße"),
  },
  {
    code: "FR",
    language: "fr",
    given: list("Agnès, Benoît, Chloé, Désirée, Édouard, Françoise, Gaël, Hélène, Joël, Maëlle, Noémie, Théo, Zoé"),
    family: list("Bérard, Château, Desprès, Étienne, Garçon, L’Hôpital, Lefèvre, Noël, Rivière, Thévenet"),
    towns: towns("Lyon|69002, Besançon|25000, Orléans|45000, Sète|34200, Saint-Étienne|42000"),
    streets: list("rue de l’Évêché, quai des Célestins, allée des Tilleuls, place du Marché, rue Saint-Honoré"),
  },
  {
    code: "PL",
    language: "pl",
    given: list("Bożena, Łukasz, Małgorzata, Paweł, Róża, Stanisław, Wiesława, Zdzisław"),
    family: list("Brzęczyszczykiewicz, Dąbrowska, Gałązka, Kościuszko, Źdźbło, Żółkiewska"),
    towns: towns("Kraków|31-042, Łódź|90-001, Gdańsk|80-831, Wrocław|50-102"),
    streets: list("ulica Długa, ulica Świętego Ducha, aleja Róż, plac Słowiański"),
  },
  {
    code: "GR",
    language: "el",
    given: list("Αθηνά, Βασίλης, Ελένη, Κώστας, Μαρία, Νίκος, Σοφία"),
    family: list("Αγγελόπουλος, Δημητρίου, Καραγιάννης, Οικονόμου, Παπαδάκη"),
    towns: towns("Αθήνα|105 57, Θεσσαλονίκη|546 24, Ηράκλειο|712 01"),
    streets: list("Οδός Ερμού, Λεωφόρος Νίκης, Οδός Αριστοτέλους"),
  },
  {
    code: "UA",
    language: "uk",
    given: list("Богдан, Ганна, Єва, Їржина, Оксана, Ростислав, Соломія, Тарас"),
    family: list("Бойко, Гончаренко, Ковальчук, Мельник, Шевченко, Щербак"),
    towns: towns("Київ|01001, Львів|79000, Одеса|65000, Чернівці|58000"),
    streets: list("вулиця Вірменська, проспект Свободи, вулиця Садова"),
  },
  {
    code: "JP",
    language: "ja",
    given: list("葵, 陽翔, 結衣, 健太, 美咲, 蓮, さくら"),
    family: list("佐藤, 鈴木, 髙橋, 渡邊, 小林, 𠮷田"),
    towns: towns("京都市|600-8216, 宇治市|611-0021, 東京都|100-0005, 札幌市|060-0001"),
    streets: list("烏丸通, 平等院表参道, 丸の内一丁目, 北一条西"),
    familyFirst: true,
  },
  {
    code: "IL",
    language: "he",
    given: list("אביגיל, דניאל, נועה, יוסף, שירה"),
    family: list("אברהם, ביטון, כהן, לוי, מזרחי"),
    towns: towns("חיפה|3303139, ירושלים|9414219, תל אביב|6433222"),
    streets: list("שדרות רוטשילד, רחוב הנביאים, רחוב יפו"),
  },
  {
    code: "IN",
    language: "hi",
    given: list("अनन्या, अर्जुन, दिया, ईशान, काव्या, रोहन"),
    family: list("अग्रवाल, चटर्जी, मेहता, शर्मा, सिंह"),
    towns: towns("दार्जिलिंग|734101, कोलकाता|700001, मुंबई|400001"),
    streets: list("चौरास्ता, पार्क स्ट्रीट, महात्मा गांधी मार्ग"),
  },
  {
    code: "EG",
    language: "ar",
    given: list("أمينة, خالد, ليلى, محمود, نور, يوسف"),
    family: list("الشريف, حسن, سليمان, عبد الله, منصور"),
    towns: towns("القاهرة|11511, الإسكندرية|21500, أسوان|81511"),
    streets: list("شارع النيل, شارع التحرير, طريق الكورنيش"),
  },
];

/** Sentences of reviews, kindest first; a review strings two to four of them together. */
export const praise = list(
  "Bright and clean; the second cup is even better, Arrived the day after I ordered 📦, My grandmother approves and she approves of nothing, Ordered again before the first bag was empty ☕️, Smells like the market in Addis, Wonderful with oat milk, Packed with care and a hand-written note 💌, Exactly as the picture shows, Tastes of apricot and a little of honey 🍯, The whole office smells of it now, Ein Gedicht von einem Kaffee, Un vrai délice du matin, 香りがとても良いです 🍵, Дуже смачно!, Υπέροχο άρωμα, शानदार स्वाद, طعم رائع, טעים מאוד",
);
export const grumbles = list(
  "The lid does not close quite tightly, A little too dark a roast for me, The parcel spent a week in the wrong town, Smaller than I had imagined, Handle gets hot, Good but not at this price, Came with a dent 😕, I wanted to like it",
);
export const reviewTitles = list(
  "Lovely, Again please, Sunday mornings saved ☀️, Solid, As described, A small joy, Better than expected, Hmm, Not for me, 最高, Wunderbar, Parfait 👌",
);
export const orderNotes = list(
  "Please leave it with the neighbour at no. 7, Ring twice; the dog is friendly 🐕, It is a present: no invoice in the box 🎁, Bitte nicht knicken, Laisser chez la concierge, 置き配でお願いします, The gate sticks; push hard, Deliver after 18:00 if you can",
);
export const carriers = list("Royal Post, Kestrel Parcel, DHL, La Poste, Nova Pošta");
