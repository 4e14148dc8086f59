package fakenet

import (
	"net/http"
	"strconv"
	"strings"

	"vigil/casefile"
)

// acceptanceLive are live and difficult pages, by the same author as acceptanceGone.
func acceptanceLive() []kind {
	live := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateLive, reasons: []casefile.Reason{casefile.ReasonServed, casefile.ReasonMatchesBaseline}, members: members}
	}
	return []kind{
		live("acceptance_quotes", HalfTune, acceptanceQuotes()...),
		live("acceptance_dressed", HalfHold, acceptanceDressed()...),
		live("acceptance_moving", HalfTune, acceptanceMoving()...),
		live("acceptance_everywhere", HalfHold, acceptanceEverywhere()...),
	}
}

// here is a page at the reported path; the rest of the host is a plain 404.
func here(name, title, body string) Specimen {
	return still(name, server(func(r *Request) reply {
		if r.URL.Path != pathOf(r.Site) {
			return says(404, lab("404", "<h1>404</h1>"))
		}
		return says(200, lab(title, body))
	}))
}

// alike is a page that the host gives for every path later on: only who saw it before can tell.
func alike(name, title, body string) Specimen {
	return revised(name, placed(says(200, lab(title, body))), everywhere(says(200, lab(title, body))))
}

func acceptanceQuotes() []Specimen {
	return []Specimen{
		here("lab_article_on_takedowns", "How platforms moderate", `<h1>How platforms moderate</h1><p>When a moderator acts, visitors see "This content has been removed" instead of the picture.</p><p>Critics say that the wording hides who asked for it, and that appeals take weeks.</p>`),
		here("lab_help_on_suspension", "Help: account suspended message", `<h1>What does "Account Suspended" mean?</h1><p>Your host shows this page when an invoice was not paid. Pay the invoice, open a ticket and wait an hour for the site to come back.</p>`),
		here("lab_news_of_a_seizure", "Police seize market", `<h1>Police seize dark market</h1><p>By Jo Reed, 4 May. The home page now says: this domain has been seized by law enforcement. Two people were arrested in Utrecht and servers were taken from a data centre.</p>`),
		here("lab_room_404", "Room 404", `<h1>Room 404: not found</h1><p>An exhibition of photographs in a hotel that was never finished.</p><img src="/1.jpg"><img src="/2.jpg"><img src="/3.jpg"><img src="/4.jpg">`),
		here("lab_guide_to_404_ja", "404エラーの直し方", `<h1>404エラーとは</h1><p>「ページが見つかりません」と表示されるときの原因と対処法をまとめました。</p><p>まずURLを確かめ、次にサーバーの設定を見直します。</p>`),
		here("lab_forum_with_a_removed_post", "Thread: my bikes", `<h2>Thread: my bikes</h2><div class="post"><b>ann</b><p>Here are the three bikes that I built last summer.</p><img src="/b1.jpg"></div><div class="post"><b>mod</b><p>This post has been removed by a moderator.</p></div><div class="post"><b>lee</b><p>Lovely work, which paint did you use?</p></div>`),
		here("lab_terms_de", "Nutzungsbedingungen", `<h1>Nutzungsbedingungen</h1><p>Konten, die gegen diese Regeln verstoßen, werden gesperrt.</p><p>Gelöschte Inhalte erkennen Sie am Hinweis: Dieser Inhalt wurde entfernt.</p><p>Fragen beantworten wir per Post.</p>`),
		here("lab_broker_of_names", "We sell names", `<h1>We sell names</h1><p>A visitor reads "this domain is for sale" and writes to us. We have brokered 300 sales since 2009, among them two rivers and a cheese.</p>`),
	}
}

func acceptanceDressed() []Specimen {
	story := "<h1>Ein Tag am See</h1><p>Wir fuhren früh los, das Wasser war noch kalt und der Steg leer. Am Mittag kamen die Boote, am Abend die Mücken.</p><img src=\"/see1.jpg\"><img src=\"/see2.jpg\">"
	secret := func(kind TLSKind, name string) Specimen {
		s := here(name, "Ein Tag am See", story)
		s.Before.TLS, s.Now.TLS = kind, kind
		return s.secure()
	}
	return []Specimen{
		here("lab_cookie_banner_over_story", "Une journée au lac", `<div id="cookies">Nous utilisons des cookies. <button>Accepter</button><button>Refuser</button></div><h1>Une journée au lac</h1><p>Nous sommes partis tôt, l'eau était froide et le ponton vide. À midi les bateaux sont arrivés, le soir les moustiques.</p><img src="/lac.jpg">`),
		here("lab_age_banner_over_gallery", "Galería", `<div class="modal"><p>Debes ser mayor de 18 años.</p><button>Entrar</button></div><div class="g"><img src="/1.jpg"><img src="/2.jpg"><img src="/3.jpg"><img src="/4.jpg"><img src="/5.jpg"></div>`),
		here("lab_login_in_header", "Album", `<form action="/login" method="post"><input name="u" placeholder="user"><input type="password" name="p"><button>Log in</button></form><h1>Album of the trip</h1><p>Twelve pictures from the coast, taken in June.</p><img src="/a1.jpg"><img src="/a2.jpg"><img src="/a3.jpg">`),
		secret(TLSExpired, "lab_expired_certificate"), secret(TLSSelfSigned, "lab_own_certificate"), secret(TLSWrongName, "lab_certificate_of_another"),
		here("lab_one_picture", "img_2281.jpg", `<img src="/i/img_2281.jpg">`),
		here("lab_one_video", "clip", `<video src="/v/clip.mp4" controls></video>`),
		here("lab_list_of_files", "Index of /stories", `<h1>Index of /stories</h1><hr><pre><a href="../">../</a>
<a href="one.jpg">one.jpg</a>      12-Mar-2024 10:11   120332
<a href="two.jpg">two.jpg</a>      12-Mar-2024 10:12   98211
<a href="three.jpg">three.jpg</a>  12-Mar-2024 10:15   201332</pre><hr>`),
		here("lab_application_with_content", "Receptura", `<div id="root"><h1>Receptura</h1><p>Zupa z dyni: pokrój dynię, podsmaż cebulę, zalej bulionem i gotuj pół godziny. Podawaj z pestkami.</p></div><noscript>You need to enable JavaScript to run this app.</noscript><script src="/static/js/main.js"></script>`),
		here("lab_short_profile", "lena_k", `<h1>lena_k</h1><p>12 fotos</p><img src="/l1.jpg"><img src="/l2.jpg">`),
	}
}

func acceptanceMoving() []Specimen {
	each := func(name string, page func(n int) string) Specimen {
		return still(name, server(func(r *Request) reply {
			if r.URL.Path != pathOf(r.Site) {
				return says(404, "Not found")
			}
			return says(200, page(int(r.Number)))
		}))
	}
	counted := func(n int) string { return strconv.Itoa(1000 + 37*n) }
	return []Specimen{
		each("lab_ads_and_clock", func(n int) string {
			return lab("Noticias", "<h1>La feria del libro</h1><p>Abrió ayer con cuarenta casetas y mucha lluvia. Los libreros esperan mejor tiempo el domingo.</p><div class=ad>Anuncio "+counted(n)+"</div><footer>Hora: 12:"+counted(n)[2:]+" Visitas: "+counted(n)+"</footer><input type=hidden name=token value="+strings.Repeat(counted(n), 4)+">")
		}),
		each("lab_comments_grow", func(n int) string {
			return lab("Brood bakken", "<h1>Brood bakken</h1><p>Meel, water, zout en geduld. Laat het deeg een nacht rusten en bak het heet.</p><ul>"+strings.Repeat("<li>Heerlijk, dank je wel!</li>", 1+n%4)+"</ul>")
		}),
		still("lab_cookie_and_back", server(func(r *Request) reply {
			if _, err := r.Cookie("seen"); err != nil {
				return sends(302, r.URL.Path).with("Set-Cookie", "seen=1; Path=/")
			}
			if r.URL.Path != pathOf(r.Site) {
				return says(404, "Not found")
			}
			return says(200, lab("Jardim", "<h1>O jardim</h1><p>As rosas abriram cedo este ano e o limoeiro deu fruto pela primeira vez.</p>"))
		})),
		still("lab_slash_added", server(func(r *Request) reply {
			switch r.URL.Path {
			case pathOf(r.Site):
				return sends(http.StatusMovedPermanently, r.URL.Path+"/")
			case pathOf(r.Site) + "/":
				return says(200, lab("Bahçe", "<h1>Bahçe günlüğü</h1><p>Güller bu yıl erken açtı, limon ağacı ilk meyvesini verdi.</p><img src=\"/gul.jpg\">"))
			}
			return says(404, "Not found")
		})),
		still("lab_content_with_404", server(func(r *Request) reply {
			if r.URL.Path != pathOf(r.Site) {
				return says(404, lab("404", "<h1>404</h1>"))
			}
			return says(404, lab("Zahrada", "<h1>Zahrada</h1><p>Růže letos rozkvetly brzy a citroník poprvé nesl plody. Na podzim přesadíme maliny a postavíme nový plot kolem celého pozemku.</p><img src=\"/r.jpg\">"))
		})).from(placed(says(200, lab("Zahrada", "<h1>Zahrada</h1><p>Růže letos rozkvetly brzy a citroník poprvé nesl plody. Na podzim přesadíme maliny a postavíme nový plot kolem celého pozemku.</p><img src=\"/r.jpg\">")))).onlyKnown(),
	}
}

func acceptanceEverywhere() []Specimen {
	return []Specimen{
		alike("lab_same_page_for_every_path", "Il giardino", `<h1>Il giardino</h1><p>Le rose sono fiorite presto quest'anno e il limone ha dato i primi frutti.</p><img src="/rosa.jpg">`),
		alike("lab_same_gallery_for_every_path", "Gallery", `<h1>Summer</h1><img src="/1.jpg"><img src="/2.jpg"><img src="/3.jpg"><p>Page 1 of 3 <a href="?p=2">next</a></p>`),
		alike("lab_same_story_with_a_wall_in_the_foot", "Сад", `<h1>Сад</h1><p>Розы в этом году расцвели рано, а лимонное дерево впервые дало плоды.</p><p>Войдите, чтобы оставить комментарий. <a href="/login">Вход</a></p>`),
		alike("lab_same_page_says_for_sale", "Bike shop", `<h1>Bikes</h1><p>Three city bikes and one tandem are for sale this week. Come by on Saturday.</p><footer>This domain may be for sale. Ask us.</footer>`),
	}
}
