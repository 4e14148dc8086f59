package main

// iso maps the ids of the atlas to letters: ISO 3166-1 numeric and alpha-2 (2026-11).
const iso = "004AF 008AL 010AQ 012DZ 016AS 020AD 024AO 028AG 031AZ 032AR 036AU 040AT 044BS 048BH 050BD 051AM " +
	"052BB 056BE 060BM 064BT 068BO 070BA 072BW 076BR 084BZ 086IO 090SB 092VG 096BN 100BG 104MM 108BI " +
	"112BY 116KH 120CM 124CA 132CV 136KY 140CF 144LK 148TD 152CL 156CN 158TW 170CO 174KM 178CG 180CD " +
	"184CK 188CR 191HR 192CU 196CY 203CZ 204BJ 208DK 212DM 214DO 218EC 222SV 226GQ 231ET 232ER 233EE " +
	"234FO 238FK 239GS 242FJ 246FI 248AX 250FR 258PF 260TF 262DJ 266GA 268GE 270GM 275PS 276DE 288GH " +
	"292GI 296KI 300GR 304GL 308GD 316GU 320GT 324GN 328GY 332HT 334HM 336VA 340HN 344HK 348HU 352IS " +
	"356IN 360ID 364IR 368IQ 372IE 376IL 380IT 384CI 388JM 392JP 398KZ 400JO 404KE 408KP 410KR 414KW " +
	"417KG 418LA 422LB 426LS 428LV 430LR 434LY 438LI 440LT 442LU 446MO 450MG 454MW 458MY 462MV 466ML " +
	"470MT 478MR 480MU 484MX 492MC 496MN 498MD 499ME 500MS 504MA 508MZ 512OM 516NA 520NR 524NP 528NL " +
	"531CW 533AW 534SX 540NC 548VU 554NZ 558NI 562NE 566NG 570NU 574NF 578NO 580MP 581UM 583FM 584MH " +
	"585PW 586PK 591PA 598PG 600PY 604PE 608PH 612PN 616PL 620PT 624GW 626TL 630PR 634QA 642RO 643RU " +
	"646RW 652BL 654SH 659KN 660AI 662LC 663MF 666PM 670VC 674SM 678ST 682SA 686SN 688RS 690SC 694SL " +
	"702SG 703SK 704VN 705SI 706SO 710ZA 716ZW 724ES 728SS 729SD 732EH 740SR 748SZ 752SE 756CH 760SY " +
	"762TJ 764TH 768TG 776TO 780TT 784AE 788TN 792TR 795TM 796TC 798TV 800UG 804UA 807MK 818EG 826GB " +
	"831GG 832JE 833IM 834TZ 840US 850VI 854BF 858UY 860UZ 862VE 876WF 882WS 887YE 894ZM "

// other are the territories without an id in the atlas, and the codes that addresses
// there may carry. Where states disagree, all get it: a shorter distance vetoes less.
var other = map[string][]string{
	"Kosovo":                  {"XK", "RS"}, // XK is user-assigned, and what the databases write
	"Somaliland":              {"SO"},
	"N. Cyprus":               {"CY", "TR"},
	"Cyprus U.N. Buffer Zone": {"CY"},
	"Akrotiri":                {"GB", "CY"},
	"Dhekelia":                {"GB", "CY"},
	"Baikonur":                {"KZ", "RU"},
	"USNB Guantanamo Bay":     {"US", "CU"},
	"Siachen Glacier":         {"IN", "PK", "CN"},
	"Indian Ocean Ter.":       nil, // Christmas and Cocos Islands, by their boxes
	"Coral Sea Is.":           {"AU"},
	"Clipperton I.":           {"FR"},
	"Spratly Is.":             {"BN", "CN", "MY", "PH", "TW", "VN"},
	"Scarborough Reef":        {"CN", "PH", "TW"},
	"Bajo Nuevo Bank":         {"CO", "HN", "JM", "NI", "US"},
	"Serranilla Bank":         {"CO", "HN", "JM", "NI", "US"},
}

// box is a part of a territory of the atlas that has a code of its own: the polygons
// that lie wholly within it. With also set the territory keeps them as well.
type box struct {
	of, code                 string // name in the atlas; ISO 3166-1
	west, south, east, north float64
	also                     bool
}

var boxes = []box{
	{"France", "GF", -55, 2, -51, 6, false},
	{"France", "GP", -62, 15.8, -60.9, 16.6, false},
	{"France", "MQ", -61.3, 14.3, -60.7, 15, false},
	{"France", "RE", 55, -21.5, 56, -20.8, false},
	{"France", "YT", 45, -13.1, 45.4, -12.6, false},
	{"Netherlands", "BQ", -68.5, 12, -68.1, 12.4, false},   // Bonaire
	{"Netherlands", "BQ", -63.3, 17.4, -62.9, 17.7, false}, // Saba, Sint Eustatius
	{"Norway", "SJ", 10, 74, 34, 81, false},                // Svalbard
	{"Norway", "SJ", -9.3, 70.7, -7.8, 71.3, false},        // Jan Mayen
	{"Norway", "BV", 3.2, -54.6, 3.6, -54.3, false},
	{"New Zealand", "TK", -173, -9.6, -171, -8.4, false},
	{"Indian Ocean Ter.", "CX", 105.4, -10.7, 105.8, -10.3, false},
	{"Indian Ocean Ter.", "CC", 96.7, -12.3, 97, -11.8, false},
	{"Russia", "UA", 32.3, 44.3, 36.8, 46.3, true}, // Crimea
}

// families are the states whose code an address may carry although the machine stands
// in a territory with a code of its own, and those territories.
var families = map[string][]string{
	"AU": {"CC", "CX", "HM", "NF"},
	"CN": {"HK", "MO", "TW"},
	"DK": {"FO", "GL"},
	"FI": {"AX"},
	"FR": {"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"},
	"GB": {"AI", "BM", "FK", "GG", "GI", "GS", "IM", "IO", "JE", "KY", "MS", "PN", "SH", "TC", "VG"},
	"GP": {"BL", "MF"}, // parts of it until 2007
	"IL": {"PS"},
	"MA": {"EH"},
	"NL": {"AW", "BQ", "CW", "SX"},
	"NO": {"BV", "SJ"},
	"NZ": {"CK", "NU", "TK"},
	"US": {"AS", "GU", "MP", "PR", "UM", "VI"},
}
