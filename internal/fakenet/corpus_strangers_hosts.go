package fakenet

import (
	"net/http"

	"vigil/casefile"
)

func strangeMedia() []Specimen {
	jsonReply := func(status int, body string) reply {
		return reply{status: status, body: body}.with("Content-Type", "application/json; charset=utf-8")
	}
	return []Specimen{
		lost("strange_gallery_czech", sheet("cs", "Fotogalerie - Kritická chyba", `<link rel="stylesheet" href="themes/curve/style.css">`,
			anchors("menu", "Seznam alb", "Poslední soubory", "Nejlépe hodnocené")+`<table class="maintable"><tr><td class="tableh1">Chyba</td></tr><tr><td class="tableb"><div class="cpg_message_error">Vybrané album/soubor neexistuje!</div></td></tr></table>`)).means(soft404...),
		lost("strange_image_host", sheet("en", "That page doesn't exist", `<link rel="stylesheet" href="/content/legacy/themes/Peafowl/style.css">`,
			anchors("top-bar", "Explore", "Upload", "Sign in", "Create account")+`<div class="page-not-found"><h1>That page doesn't exist</h1><p>The requested page was not found.</p><form><input type="text" placeholder="Search something else"></form></div>`)).means(soft404...),
		lost("strange_file_host_russian", sheet("ru", "Файл не найден", "",
			anchors("nav", "Загрузить", "Премиум", "Вход")+`<div class="err"><h2>Файл не найден</h2><b>Возможные причины:</b><ul><li>Истёк срок хранения файла</li><li>Файл был удалён владельцем</li><li>Файл удалён администрацией по жалобе</li></ul></div>`)),
		instead("strange_paste_expired", sheet("en", "Paste not available", "",
			anchors("header", "paste", "API", "tools", "faq", "login", "sign up")+`<div class="content__title">Not found</div><div class="notice -error">This paste is no longer available. It has either expired, been removed by its creator, or removed by one of our staff.</div>`+
				anchors("sidebar", "Untitled, 4 min ago", "config.lua, 10 min ago", "notes, 12 min ago"))),
		instead("strange_tube_german", sheet("de", "Video gelöscht - Bastelvideos", `<script src="/player/hls.min.js"></script>`,
			anchors("kategorien", "Holz", "Metall", "Papier", "Garten")+`<div class="video-removed"><p>Dieses Video wurde gelöscht und ist nicht mehr verfügbar.</p></div><h2>Ähnliche Videos</h2>`+pictures(2, 12)+cookieBar("Wir verwenden Cookies.", "OK", "Ablehnen"))),
		instead("strange_tube_copyright", sheet("en", "Video unavailable", "",
			`<div id="player-unavailable"><h1>Video unavailable</h1><div class="submessage">This video is no longer available due to a copyright claim by Harbour Choir Ltd.</div></div><div class="related">`+pictures(5, 8)+`</div>`)),
		lost("strange_network_russian", sheet("ru", "Ошибка | Знакомые", "",
			anchors("top", "Войти", "Регистрация")+`<div class="message_page page_block"><div class="message_page_title">Ошибка</div><div class="message_page_body">Страница удалена либо ещё не создана.<br><a href="/">Назад</a></div></div>`)),
		lost("strange_network_french", sheet("fr", "Page introuvable • Instants", `<script src="/static/bundles/Consumer.js"></script>`,
			`<nav><a href="/">Instants</a> <a href="/connexion">Se connecter</a> <a href="/inscription">S’inscrire</a></nav><main><h2>Cette page n’est malheureusement pas disponible.</h2><p>Le lien que vous avez suivi est peut-être rompu, ou la page a peut-être été supprimée. <a href="/">Retour à l’accueil.</a></p></main>`)),
		instead("strange_drive_chinese", sheet("zh-CN", "云盘-链接不存在", "",
			`<div class="module-header"><a href="/">云盘</a></div><div class="share-error"><img src="/error.png" alt=""><p>啊哦，你来晚了，分享的文件已经被删除了，下次要早点哟。</p></div>`)),
		instead("strange_drive_banned_chinese", sheet("zh-CN", "页面不存在", "",
			`<div class="share-error"><p>此链接分享内容可能因为涉及侵权、色情、反动、低俗等信息，无法访问！</p></div>`)),
		lost("strange_post_korean", sheet("ko", "등대 카페", "",
			`<div id="wrap"><div class="error_content"><h2>삭제되었거나 존재하지 않는 게시물입니다.</h2><p>입력하신 주소가 정확한지 다시 한번 확인해 주세요.</p><a href="/">카페 홈으로</a></div></div>`)),
		turned("strange_json_of_an_api", absent(jsonReply(http.StatusOK, `{"success":false,"status":404,"data":{"error":"Unable to find an image with this id","request":"/3/image/x7Gq","method":"GET"}}`))).
			from(placed(jsonReply(http.StatusOK, `{"success":true,"status":200,"data":{"id":"x7Gq","title":"ferry","link":"/i/x7Gq.jpg","width":800,"height":600}}`))).at("/3/image/x7Gq").means(soft404...),
	}
}

func strangeStores() []Specimen {
	xml := func(status int, body string, more ...string) reply {
		p := reply{status: status, body: `<?xml version="1.0" encoding="utf-8"?>` + body}.with("Content-Type", "application/xml")
		for i := 0; i+1 < len(more); i += 2 {
			p = p.with(more[i], more[i+1])
		}
		return p
	}
	blob := func(name string, p reply) Specimen {
		return turned(name, everywhere(p)).from(placed(file("image/jpeg", jpegMagic, 61, 24_000))).at("/uploads/2026/quay.jpg")
	}
	return []Specimen{
		blob("strange_store_no_bucket", xml(http.StatusNotFound, `<Error><Code>NoSuchBucket</Code><Message>The bucket is not there</Message><BucketName>ferry-media</BucketName><HostId>aa/bb=</HostId></Error>`, "Server", "MinIO")),
		blob("strange_blob_of_a_cloud", xml(http.StatusNotFound, `<Error><Code>ResourceNotFound</Code><Message>The specified resource does not exist. RequestId:1f</Message></Error>`, "Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0", "X-Ms-Error-Code", "ResourceNotFound")),
		turned("strange_iis_german", absent(says(http.StatusNotFound, sheet("de", "404 - Datei oder Verzeichnis wurde nicht gefunden.", "", `<div id="header"><h1>Serverfehler</h1></div><div id="content"><fieldset><h2>404 - Datei oder Verzeichnis wurde nicht gefunden.</h2><h3>Die gesuchte Ressource wurde möglicherweise entfernt oder umbenannt.</h3></fieldset></div>`)).with("Server", "Microsoft-IIS/10.0"))),
		turned("strange_pages_host", everywhere(says(http.StatusNotFound, sheet("en", "Site not found", "", `<h1>404</h1><p><strong>There isn't a site here.</strong></p><p>If you're trying to publish one, read the full documentation.</p>`)))),
		turned("strange_gone_in_greek", absent(says(http.StatusGone, sheet("el", "Δεν υπάρχει πια", "", `<h1>Η σελίδα αφαιρέθηκε οριστικά</h1>`+anchors("menu", "Αρχική", "Νέα"))))).means(missing410...),
		turned("strange_home_by_refresh", server(func(r *Request) reply {
			if r.URL.Path == "/" {
				return says(http.StatusOK, blog.page("Welcome", paragraphs(prose(2, 12))))
			}
			return says(http.StatusOK, `<html><head><meta http-equiv="refresh" content="0; url=/"></head><body></body></html>`)
		})).means(casefile.ReasonRedirectedHome, casefile.ReasonSoft404),
		turned("strange_home_with_a_flash", server(func(r *Request) reply {
			if r.URL.Path == "/" {
				return says(http.StatusOK, gallery.page("Picture shelf", pictures(4, 20)))
			}
			return sends(http.StatusFound, "/?error=deleted")
		})).means(casefile.ReasonRedirectedHome, casefile.ReasonSoft404),
	}
}

func strangeSuspensions() []Specimen {
	return []Specimen{
		turned("strange_panel_redirect", server(func(r *Request) reply {
			if r.URL.Path == "/cgi-sys/suspendedpage.cgi" {
				return says(http.StatusOK, sheet("en", "Contact Support", `<style>body{font-family:Arial}.additional-info{background:#1e6cad}</style>`,
					`<div class="container"><i class="fa fa-user-times"></i><h1>This Account has been suspended.</h1><div class="contact">Contact your hosting provider for more information.</div></div>`))
			}
			return sends(http.StatusFound, "http://"+r.Host+"/cgi-sys/suspendedpage.cgi")
		})),
		turned("strange_panel_503", everywhere(says(http.StatusServiceUnavailable, sheet("en", "Domain suspended", "", `<h1>This domain is suspended</h1><p>The hosting of this web site was suspended by the provider. If you are the owner, contact support.</p>`)).with("Server", "nginx"))).
			means(casefile.ReasonAccountSuspended, casefile.ReasonServerError),
		lost("strange_host_russian", sheet("ru", "Сайт заблокирован", "", `<div class="box"><h1>Сайт отключён хостинг-провайдером</h1><p>Если вы владелец сайта, войдите в панель управления хостингом и пополните баланс.</p><p>© Хостинг «Облако»</p></div>`)),
		lost("strange_host_portuguese", sheet("pt-BR", "Conta suspensa", "", `<div class="wrapper"><img src="/logo-host.png" alt=""><h1>Esta conta está suspensa</h1><p>Entre em contato com o suporte da hospedagem para mais informações.</p></div>`)),
		lost("strange_host_polish", sheet("pl", "Strona zablokowana", "", `<h1>Konto zostało zawieszone</h1><p>Usługa hostingowa dla tej domeny została zablokowana. Prosimy o kontakt z działem obsługi klienta.</p>`)),
		turned("strange_free_host_elsewhere", everywhere(sends(http.StatusFound, "http://suspended-desk.example/index.php?host=x"))).
			besides(Site{Host: "suspended-desk.example", Path: "/index.php", Acts: Always(everywhere(says(http.StatusOK, sheet("en", "Website suspended", "", `<h1>This website has been suspended</h1><p>The website you were visiting was suspended by our abuse team. Possible reasons: phishing, excessive use of resources, breach of the terms of service.</p>`))))}),
		lost("strange_host_chinese", sheet("zh-CN", "站点已暂停", "", `<div class="panel"><h1>该站点已被停用</h1><p>您访问的网站已被主机服务商暂停，如您是站长，请联系客服。</p></div>`)),
	}
}

func strangeParking() []Specimen {
	return []Specimen{
		lost("strange_sale_german", sheet("de", "quayside.example steht zum Verkauf", `<script src="//parking-assets.example/js/caf.js"></script>`,
			`<div id="main"><h1>quayside.example</h1><p>Diese Domain steht zum Verkauf!</p><a href="/kaufen">Jetzt Angebot abgeben</a><div id="rs">`+anchors("rs", "Kreditvergleich", "Urlaub am Meer", "Strom wechseln")+`</div><p>Der Inhaber dieser Domain parkt diese beim Domain-Parking-Programm.</p></div>`)).served("ns1.parkdesk.example", "ns2.parkdesk.example"),
		turned("strange_lander_by_script", server(func(r *Request) reply {
			if r.URL.Path == "/lander" {
				return says(http.StatusOK, sheet("en", "", `<script src="https://parking.example/static/js/main.js"></script>`, `<div id="root"></div>`))
			}
			return says(http.StatusOK, `<!DOCTYPE html><html><head><script>window.onload=function(){window.location.href="/lander"}</script></head></html>`)
		})).means(casefile.ReasonParked, casefile.ReasonSoft404, casefile.ReasonScriptRequired),
		lost("strange_parking_by_token", sheet("en", "", `<link rel="preconnect" href="https://fonts.example" crossorigin>`, `<div id="target" style="opacity: 0"></div><script>window.park = "eyJ1dWlkIjoiMDAwMC0wMDAwIiwicGFnZV90aW1lIjoxfQ==";</script><script src="/bAbCdEf.js"></script>`)).
			means(casefile.ReasonParked, casefile.ReasonSoft404, casefile.ReasonScriptRequired),
		lost("strange_sale_with_a_price", sheet("en", "Harbourquay.example is for sale", "", anchors("nav", "Domains", "Payment plan", "FAQ", "Login")+
			`<h1>Harbourquay.example is for sale</h1><div class="price">Buy now: $2,895</div><a class="btn">Start payment plan: $120.63 / month</a><ul><li>30-day money back guarantee</li><li>Take immediate ownership</li></ul><blockquote>Quick and easy transfer of the domain. — a happy buyer</blockquote>`)),
		lost("strange_sale_russian", sheet("ru", "Домен продаётся", "", `<h1>Домен продаётся</h1><p>Вы можете купить этот домен в магазине доменов регистратора.</p><a>Узнать цену</a>`)),
		lost("strange_expired_polish", sheet("pl", "Domena wygasła", "", `<div class="box"><h1>Ważność tej domeny wygasła</h1><p>Jeżeli jesteś abonentem domeny, przedłuż ją w panelu klienta.</p></div>`)),
		lost("strange_parked_swedish", sheet("sv", "Parkerad domän", "", `<h1>Den här domänen är parkerad</h1><p>Domänen är registrerad av en kund hos oss men ingen webbplats är publicerad ännu.</p><a href="/">Sök efter din domän</a>`)),
		turned("strange_frame_to_parking", everywhere(says(http.StatusOK, `<html><head><title>quayside.example</title></head><frameset rows="100%,*" border="0"><frame src="http://landing-desk.example/?domain=quayside.example&amp;tg=1" frameborder="0"></frameset></html>`))).
			besides(Site{Host: "landing-desk.example", Path: "/", Acts: Always(everywhere(says(http.StatusOK, sheet("en", "quayside.example - This website is for sale!", "", `<h1>quayside.example</h1><p>This domain is for sale. Related searches:</p>`+anchors("rs", "Loans", "Flights")))))}).means(casefile.ReasonParked, casefile.ReasonSoft404),
	}
}

func strangeSeizures() []Specimen {
	return []Specimen{
		lost("strange_seizure_banner_only", `<html><head><title>THIS WEBSITE HAS BEEN SEIZED</title></head><body style="margin:0;background:#000"><img src="/banner.jpg" style="width:100%" alt=""></body></html>`),
		lost("strange_seizure_german", sheet("de", "Beschlagnahmt", "", `<img src="/bka.png" alt=""><h1>Diese Plattform und ihr krimineller Inhalt wurden beschlagnahmt</h1><p>durch das Bundeskriminalamt im Auftrag der Staatsanwaltschaft.</p>`)),
		lost("strange_seizure_italian", sheet("it", "Sito sequestrato", "", `<h1>Sito sottoposto a sequestro</h1><p>Il presente sito web è stato sequestrato dalla Polizia Postale su ordine dell'autorità giudiziaria.</p>`)),
		lost("strange_seizure_dutch", sheet("nl", "Politie", "", `<img src="/politie.svg" alt="Politie"><h1>Deze website is in beslag genomen</h1><p>In opdracht van het Openbaar Ministerie.</p><p lang="en">This website was taken over by the Dutch police.</p>`)),
		turned("strange_sinkhole_header", everywhere(says(http.StatusOK, `<html><body></body></html>`).with("X-Sinkhole", "malware-sinkhole"))).means(casefile.ReasonSinkholed),
	}
}
