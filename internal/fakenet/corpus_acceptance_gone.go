package fakenet

import (
	"strings"

	"vigil/casefile"
)

// lab is a plain document, as a person writes one by hand for a test.
func lab(title, body string) string {
	return "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>" + title + "</title></head><body>\n" + body + "\n</body></html>\n"
}

// wholeHost is a whole host that gives one page for every path.
func wholeHost(name string, status int, title, body string, reasons ...casefile.Reason) Specimen {
	return turned(name, everywhere(says(status, lab(title, body)))).means(reasons...)
}

// acceptanceGone are whole hosts that are gone, written by somebody who knew the task and not the rules.
func acceptanceGone() []kind {
	gone := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateGone, reasons: []casefile.Reason{casefile.ReasonSoft404}, members: members}
	}
	return []kind{
		gone("acceptance_suspended", HalfTune, acceptanceSuspended()...),
		gone("acceptance_removed", HalfHold, acceptanceRemoved()...),
		gone("acceptance_names", HalfTune, acceptanceNames()...),
		gone("acceptance_absent", HalfHold, acceptanceAbsent()...),
	}
}

func acceptanceSuspended() []Specimen {
	const suspended = casefile.ReasonAccountSuspended
	return []Specimen{
		wholeHost("lab_cpanel_suspended", 200, "Account Suspended", `<div id="container"><h1><img src="/img-sys/powered_by_cpanel.svg" alt=""> Account Suspended</h1><p>This Account has been suspended.</p><p>Contact your hosting provider for more information.</p></div>`, suspended),
		turned("lab_cgi_sys_suspended", server(func(r *Request) reply {
			if strings.HasPrefix(r.URL.Path, "/cgi-sys/") {
				return says(200, lab("Contact Support", "<h1>This site is currently unavailable.</h1><p>If you are the owner of this website, please contact your hosting provider.</p>"))
			}
			return sends(302, "/cgi-sys/suspendedpage.cgi")
		})).means(suspended, casefile.ReasonRedirectedHome),
		wholeHost("lab_plesk_suspended", 503, "Domain suspended", "<h1>This website has been suspended</h1><p>Web hosting for this domain was suspended by the administrator of the server. Please contact the hosting provider.</p>", suspended),
		wholeHost("lab_ispmanager_ru", 200, "Сайт заблокирован", "<h1>Сайт временно заблокирован</h1><p>Аккаунт хостинга приостановлен. Владельцу сайта необходимо обратиться в службу поддержки хостинг-провайдера.</p>", suspended),
		wholeHost("lab_gesperrt_de", 403, "Webhosting gesperrt", "<h1>Diese Webseite wurde gesperrt</h1><p>Das Kundenkonto wurde wegen eines Verstoßes gegen unsere AGB gesperrt. Bitte wenden Sie sich an den Support.</p>", suspended),
		wholeHost("lab_cuenta_suspendida_es", 200, "Cuenta suspendida", "<h2>Cuenta suspendida</h2><p>Esta cuenta de alojamiento ha sido suspendida. Contacte con su proveedor de hosting.</p>", suspended),
		wholeHost("lab_hesap_tr", 200, "Hesap Askıya Alındı", "<center><h1>Bu hesap askıya alınmıştır</h1><p>Lütfen hosting firmanız ile iletişime geçiniz.</p></center>", suspended),
		wholeHost("lab_konto_pl", 200, "Konto zablokowane", "<h1>Strona została zablokowana</h1><p>To konto hostingowe zostało zawieszone. Prosimy o kontakt z działem obsługi klienta.</p>", suspended),
	}
}

func acceptanceRemoved() []Specimen {
	const removed = casefile.ReasonTakedownPage
	return []Specimen{
		wholeHost("lab_dmca", 200, "Content removed", "<h1>This content has been removed</h1><p>Following a notice from the rights holder the file was taken down. Reference: 2217-A.</p>", removed),
		wholeHost("lab_filehost_deleted", 200, "Download file", `<div class="logo">QuickShare</div><div class="err"><h2>File Not Found</h2><p>The file you were looking for could not be found, sorry for any inconvenience.</p><p>Possible causes of this error could be:</p><ul><li>The file expired</li><li>The file was deleted by its owner</li><li>The file was deleted by administration because it didn't comply with our Terms of Use</li></ul></div>`, casefile.ReasonSoft404, removed),
		wholeHost("lab_imagehost_nl", 200, "Afbeelding verwijderd", "<p>Deze afbeelding is verwijderd omdat deze in strijd was met onze gebruiksvoorwaarden.</p>", removed, casefile.ReasonSoft404),
		wholeHost("lab_video_fr", 200, "Vidéo supprimée", "<h1>Cette vidéo a été supprimée</h1><p>Elle ne respectait pas nos conditions d'utilisation.</p><a href=\"/\">Retour à l'accueil</a>", removed, casefile.ReasonSoft404),
		wholeHost("lab_page_deleted_ru", 404, "Страница удалена", "<h1>Страница удалена либо ещё не создана</h1>", casefile.ReasonHTTP404, removed),
		wholeHost("lab_blog_removed", 404, "Blog not found", "<h1>Blog has been removed</h1><p>Sorry, the blog at this address has been removed. This address is not available for new blogs.</p>", casefile.ReasonHTTP404, removed),
		wholeHost("lab_conteudo_pt", 200, "Conteúdo indisponível", "<h1>Conteúdo removido</h1><p>Este conteúdo foi removido por violar os termos de serviço.</p>", removed, casefile.ReasonSoft404),
		turned("lab_removed_picture", server(func(r *Request) reply {
			if r.URL.Path == "/removed.png" {
				return says(200, "\x89PNG\r\n\x1a\n"+strings.Repeat("removed placeholder ", 30)).with("Content-Type", "image/png")
			}
			return sends(302, "/removed.png")
		})).means(removed, casefile.ReasonSoft404),
	}
}

func acceptanceNames() []Specimen {
	const parked, seized = casefile.ReasonParked, casefile.ReasonSeized
	everyName := func(s Specimen) Specimen { s.Now.Wildcard = true; return s }
	return []Specimen{
		everyName(wholeHost("lab_parked_for_sale", 200, "stories.example - This domain is for sale", `<h1>stories.example</h1><p>This domain may be for sale. <a href="http://market.test/buy?d=stories">Buy this domain</a></p><h3>Related Searches</h3><ul><li><a href="/s?q=loans">Cheap loans</a></li><li><a href="/s?q=hotels">Hotels</a></li><li><a href="/s?q=insurance">Car insurance</a></li></ul>`, parked)).served("ns1.sedoparking.com", "ns2.sedoparking.com"),
		wholeHost("lab_parked_lander", 200, "", `<script>window.onload=function(){window.location.href="/lander"}</script>`, parked, casefile.ReasonScriptRequired, casefile.ReasonContentDiffers).onlyKnown().served("ns1.afternic.com", "ns2.afternic.com"),
		wholeHost("lab_parked_ru", 200, "Домен продаётся", "<h1>Домен stories.example продаётся</h1><p>Домен припаркован. Для покупки оставьте заявку.</p>", parked),
		wholeHost("lab_domain_expired", 200, "Domain expired", "<h1>This domain has expired</h1><p>If you are the owner, please renew it at your registrar. The registration of this domain name has ended.</p>", parked, casefile.ReasonDomainHold),
		wholeHost("lab_parked_it", 200, "Dominio", "<h1>Questo dominio è in vendita</h1><p>Dominio parcheggiato. Contattaci per acquistarlo.</p>", parked),
		wholeHost("lab_seized_fbi", 200, "THIS WEBSITE HAS BEEN SEIZED", `<h1>THIS WEBSITE HAS BEEN SEIZED</h1><p>This domain has been seized by the Federal Bureau of Investigation in accordance with a seizure warrant issued by the United States District Court.</p><img src="/seals.png" alt="seals">`, seized),
		wholeHost("lab_seized_nl", 200, "Politie", "<h1>Deze website is in beslag genomen</h1><p>De politie heeft deze website offline gehaald op bevel van de officier van justitie.</p>", seized),
		wholeHost("lab_seized_picture", 200, "Seized", `<body style="background:#000"><img src="/banner.jpg" alt="This hidden site has been seized" width="100%"></body>`, seized),
		turned("lab_sinkhole", everywhere(says(200, "Sinkholed by an incident response team").with("X-Sinkhole", "Malware").with("Content-Type", "text/plain"))).means(casefile.ReasonSinkholed),
		turned("lab_name_is_gone", NXDomain()).means(casefile.ReasonNXDomain),
		turned("lab_name_on_hold", DomainHold()).means(casefile.ReasonDomainHold, casefile.ReasonNXDomain),
	}
}

func acceptanceAbsent() []Specimen {
	return []Specimen{
		wholeHost("lab_404_bare", 404, "404 Not Found", "<center><h1>404 Not Found</h1></center><hr><center>nginx/1.24.0</center>", casefile.ReasonHTTP404),
		wholeHost("lab_410_fr", 410, "410 Disparu", "<h1>Cette page n'existe plus</h1>", casefile.ReasonHTTP410),
		turned("lab_no_such_key", everywhere(says(404, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a.jpg</Key></Error>`).with("Content-Type", "application/xml"))).means(casefile.ReasonHTTP404),
		wholeHost("lab_soft_404_en", 200, "Oops", "<h1>Oops! That page can't be found.</h1><p>It looks like nothing was found at this location. Maybe try a search?</p><form><input type=\"search\" name=\"s\"></form>"),
		wholeHost("lab_soft_404_cs", 200, "Stránka nenalezena", "<h1>Stránka nenalezena</h1><p>Požadovaná stránka neexistuje nebo byla přesunuta.</p>"),
		wholeHost("lab_soft_404_ja", 200, "ページが見つかりません", "<h1>お探しのページは見つかりませんでした</h1><p>URLが間違っているか、ページが削除された可能性があります。</p>"),
		wholeHost("lab_soft_404_pl_unworded", 200, "Galeria", "<h1>Ojej!</h1><p>Tu nic nie ma. Wróć na stronę główną.</p><a href=\"/\">Strona główna</a>").onlyKnown(),
		wholeHost("lab_welcome_to_nginx", 200, "Welcome to nginx!", "<h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed and working. Further configuration is required.</p><p><em>Thank you for using nginx.</em></p>").onlyKnown(),
		turned("lab_sent_home", server(func(r *Request) reply {
			if r.URL.Path == "/" {
				return says(200, lab("PhotoBox", "<h1>PhotoBox</h1><p>Share your pictures with friends. Upload, arrange and print albums.</p><a href=\"/upload\">Upload</a> <a href=\"/about\">About</a>"))
			}
			return sends(301, "/")
		})).means(casefile.ReasonRedirectedHome),
	}
}
