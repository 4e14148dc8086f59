package fakenet

import (
	"net/http"
	"strings"
)

// tongue is what a site in a language says: about its matter, and about what is missing.
// The wordings are those that site software commonly has in the language.
type tongue struct {
	code   string
	words  string // to make matter of
	title  string // of the page in place of a missing one
	phrase string
}

// tongues are given to the kinds in parts, so that no language's words are in both halves for the same kind of page.
var tongues = []tongue{
	{"de", "Garten Kartoffel Spaten Hecke Regen Beet Kompost wächst gräbt neben früh Apfel Wiese Zaun Herbst Blume", "Seite nicht gefunden", "Die angeforderte Seite konnte leider nicht gefunden werden."},
	{"fr", "jardin pomme bêche haie pluie terre pousse creuse près tôt verger pré clôture automne fleur marché", "Page introuvable", "Désolé, la page que vous cherchez n'existe pas ou a été déplacée."},
	{"es", "jardín patata pala seto lluvia tierra crece cava junto temprano huerto prado valla otoño flor mercado", "Página no encontrada", "Lo sentimos, la página que busca no existe o ha sido eliminada."},
	{"nl", "tuin aardappel spade haag regen aarde groeit graaft naast vroeg boomgaard wei hek herfst bloem markt", "Pagina niet gevonden", "Helaas, de pagina die u zoekt bestaat niet meer."},
	{"it", "giardino patata vanga siepe pioggia terra cresce scava accanto presto frutteto prato recinto autunno fiore mercato", "Pagina non trovata", "Spiacenti, la pagina che stai cercando non esiste."},
	{"pt", "jardim batata pá sebe chuva terra cresce cava junto cedo pomar prado cerca outono flor mercado", "Página não encontrada", "Desculpe, a página que procura não existe ou foi removida."},
	{"pl", "ogród ziemniak łopata żywopłot deszcz ziemia rośnie kopie obok wcześnie sad łąka płot jesień kwiat targ", "Nie znaleziono strony", "Przepraszamy, strona, której szukasz, nie istnieje."},
	{"sv", "trädgård potatis spade häck regn jord växer gräver bredvid tidig frukt äng staket höst blomma torg", "Sidan hittades inte", "Tyvärr, sidan du söker finns inte."},
	{"cs", "zahrada brambora rýč plot déšť země roste kope vedle brzy sad louka ohrada podzim květ trh", "Stránka nenalezena", "Omlouváme se, požadovaná stránka neexistuje."},
	{"tr", "bahçe patates kürek çit yağmur toprak büyür kazar yanında erken meyve çayır duvar sonbahar çiçek pazar", "Sayfa bulunamadı", "Üzgünüz, aradığınız sayfa bulunamadı."},
	{"ru", "сад картофель лопата ограда дождь земля растёт копает рядом рано яблоня луг забор осень цветок рынок", "Страница не найдена", "К сожалению, запрашиваемая страница не существует."},
	{"ja", "庭 芋 鋤 生垣 雨 土 育つ 掘る 隣 早い 果樹園 草地 柵 秋 花 市場", "ページが見つかりません", "お探しのページは見つかりませんでした。"},
	{"da", "have kartoffel spade hæk regn jord vokser graver ved tidlig frugt eng hegn efterår blomst torv", "Siden blev ikke fundet", "Beklager, siden du leder efter findes ikke."},
	{"fi", "puutarha peruna lapio aita sade maa kasvaa kaivaa vieressä varhain omena niitty portti syksy kukka tori", "Sivua ei löytynyt", "Valitettavasti etsimääsi sivua ei löydy."},
	{"hu", "kert burgonya ásó sövény eső föld nő ás mellett korán alma rét kerítés ősz virág piac", "Az oldal nem található", "Sajnáljuk, a keresett oldal nem létezik."},
	{"ro", "grădină cartof cazma gard ploaie pământ crește sapă lângă devreme măr pajiște poartă toamnă floare piață", "Pagina nu a fost găsită", "Ne pare rău, pagina căutată nu există."},
	{"zh", "园子 土豆 铁锹 篱笆 雨水 泥土 生长 挖掘 旁边 清早 果园 草地 栅栏 秋天 花朵 集市", "页面未找到", "抱歉，您访问的页面不存在。"},
	{"ar", "حديقة بطاطس مجرفة سياج مطر تراب ينمو يحفر بجانب مبكر بستان مرج جدار خريف زهرة سوق", "الصفحة غير موجودة", "عذراً، الصفحة التي تبحث عنها غير موجودة."},
	{"el", "κήπος πατάτα φτυάρι φράχτης βροχή χώμα μεγαλώνει σκάβει δίπλα νωρίς μηλιά λιβάδι τοίχος φθινόπωρο λουλούδι αγορά", "Η σελίδα δεν βρέθηκε", "Λυπούμαστε, η σελίδα που ζητήσατε δεν υπάρχει."},
	{"uk", "сад картопля лопата огорожа дощ земля росте копає поруч рано яблуня луг паркан осінь квітка ринок", "Сторінку не знайдено", "На жаль, сторінка, яку ви шукаєте, не існує."},
}

// matter is sentences in the tongue, the same for the same seed.
func (t tongue) matter(seed, sentences int) string {
	words := strings.Fields(t.words)
	x := uint64(seed+7) * 0x9e3779b97f4a7c15
	var b strings.Builder
	for range sentences {
		b.WriteString("<p>")
		for i := range 9 {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(words[x%uint64(len(words))])
		}
		b.WriteString(".</p>\n")
	}
	return b.String()
}

// page is a page of a site in the tongue: its menu has the tongue's words too.
func (t tongue) page(title, main string) string {
	words := strings.Fields(t.words)
	s := skin{
		head: `<link rel="stylesheet" href="/s.css">`,
		top:  `<header><a href="/">` + words[0] + " " + words[1] + "</a></header>" + menu("main", words[2:8]...),
		foot: "<footer>" + menu("foot", words[9:13]...) + "</footer>",
	}
	return strings.Replace(s.page(title, main), `lang="en"`, `lang="`+t.code+`"`, 1)
}

// missing is the page in place of a missing one.
func (t tongue) missing(status int) reply {
	return says(status, t.page(t.title, "<h1>"+t.title+"</h1><p>"+t.phrase+"</p>"))
}

// before is a page of the site with its matter.
func (t tongue) before() Behaviour {
	words := strings.Fields(t.words)
	return pages(fixed(says(http.StatusOK, t.page(words[10]+" "+words[14], t.matter(3, 14)))), fixed(t.missing(http.StatusNotFound)))
}

// livingTongues are live pages in other languages, on servers that answer 200 for what is missing.
func livingTongues() []Specimen {
	var out []Specimen
	for _, code := range []string{"de", "ja", "ru", "ar", "fr"} {
		t := tongueOf(code)
		words := strings.Fields(t.words)
		out = append(out, still("live_in_"+code, pages(fixed(says(http.StatusOK, t.page(words[10]+" "+words[14], t.matter(5, 12)))), fixed(t.missing(http.StatusOK)))))
	}
	negotiated := server(func(r *Request) reply {
		t := tongueOf("nl")
		if r.URL.Path != pathOf(r.Site) {
			return t.missing(http.StatusNotFound)
		}
		if strings.HasPrefix(r.Header.Get("Accept-Language"), "en") {
			title, main := tale(44, 12)
			return says(http.StatusOK, blog.page(title, main)).with("Vary", "Accept-Language")
		}
		return says(http.StatusOK, t.page("tuin", t.matter(2, 12)))
	})
	return append(out, still("negotiated_language", negotiated))
}

func tongueOf(code string) tongue {
	for _, t := range tongues {
		if t.code == code {
			return t
		}
	}
	panic("fakenet: no tongue " + code)
}

// inTongues are specimens of pages in place of missing ones in some languages.
func inTongues(prefix string, status int, codes ...string) []Specimen {
	var out []Specimen
	for _, code := range codes {
		t := tongueOf(code)
		now := pages(fixed(t.missing(status)), fixed(t.missing(status)))
		out = append(out, turned(prefix+code, now).from(t.before()))
	}
	return out
}
