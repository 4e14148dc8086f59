package fakenet

import (
	"net/http"

	"vigil/casefile"
)

// strangersMore were written after the rules were mended on the strangers' first pages, and before
// they were tried on these: they show whether the mends hold for others.
func strangersMore() []kind {
	withheld := func(name string, half Half, reason casefile.Reason, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateWithheld, reasons: []casefile.Reason{reason}, members: members}
	}
	return []kind{
		dead("stranger_page_missing", HalfHold, soft404, strangerMissing()...),
		dead("stranger_removed", HalfTune, takenDown, strangerRemoved()...),
		dead("stranger_domain", HalfHold, []casefile.Reason{casefile.ReasonParked}, strangerDomains()...),
		withheld("stranger_login", HalfTune, casefile.ReasonLogin, strangerLogins()...),
		withheld("stranger_wall", HalfHold, casefile.ReasonConsent, strangerWalls()...),
	}
}

func strangerMissing() []Specimen {
	return []Specimen{
		lost("stranger_gallery_swedish", sheet("sv", "Bildbanken", "", anchors("meny", "Hem", "Album", "Logga in")+`<div class="fel"><h1>Hoppsan!</h1><p>Bilden du letar efter finns inte längre.</p></div>`)),
		lost("stranger_cms_danish", sheet("da", "Siden findes ikke - Havnens Museum", "", anchors("top", "Besøg", "Udstillinger", "Om os")+`<h1>Siden findes ikke</h1><p>Prøv at søge, eller gå til forsiden.</p>`+cookieBar("Vi bruger cookies.", "Accepter", "Afvis"))),
		lost("stranger_cms_finnish", sheet("fi", "Sivua ei löydy", "", anchors("valikko", "Etusivu", "Palvelut")+`<h1>Hakemaasi sivua ei löytynyt</h1><p>Sivu on ehkä poistettu.</p>`)),
		lost("stranger_shop_hungarian", sheet("hu", "404 | Kerti Bolt", `<script src="/js/cart.js"></script>`, anchors("menu", "Akciók", "Magok", "Kosár")+`<h1>A keresett termék nem található</h1><p>Lehet, hogy időközben megszűnt.</p>`)),
		lost("stranger_blog_romanian", sheet("ro", "Pagina nu a fost găsită", `<script src="/wp-includes/js/a.js"></script>`, `<section class="error-404"><h1>Hopa! Această pagină nu a fost găsită.</h1><p>Se pare că nu s-a găsit nimic aici.</p></section>`)),
		lost("stranger_board_ukrainian", sheet("uk", "Інформація", "", anchors("nav", "Форум", "Пошук", "Вхід")+`<div id="message"><h2>Інформація</h2><p>Потрібна тема не існує.</p></div>`)),
		lost("stranger_site_arabic", sheet("ar", "خطأ 404", "", `<h1>عذراً</h1><p>الصفحة التي تبحث عنها غير موجودة.</p>`+anchors("q", "الرئيسية", "اتصل بنا"))),
		lost("stranger_board_greek", sheet("el", "Πληροφορία", "", anchors("nav", "Ευρετήριο", "Αναζήτηση", "Σύνδεση")+`<div class="panel"><p>Το θέμα που ζητήσατε δεν υπάρχει.</p></div>`)),
		lost("stranger_deployment", sheet("en", "404: NOT_FOUND", "", `<p>404: NOT_FOUND</p><p>Code: DEPLOYMENT_NOT_FOUND</p><p>ID: cdg1::x-1</p><script src="/_err.js"></script>`)),
	}
}

func strangerRemoved() []Specimen {
	return []Specimen{
		instead("stranger_album_dutch", sheet("nl", "Fotoalbum", "", anchors("top", "Home", "Zoeken")+`<div class="melding">Dit album is verwijderd door de eigenaar.</div>`)),
		instead("stranger_video_turkish", sheet("tr", "Video", "", anchors("ust", "Ana sayfa", "Kategoriler")+`<h1>Bu video, telif hakkı ihlali nedeniyle kaldırıldı.</h1>`)),
		instead("stranger_file_italian", sheet("it", "Deposito file", "", `<h2>Il file richiesto è stato rimosso</h2><p>Violazione dei termini di servizio.</p>`)),
		instead("stranger_dmca", sheet("en", "Removed", "", anchors("top", "Home", "DMCA")+`<h1>This content has been removed in response to a DMCA notice</h1><p>Complaint number 114.</p>`)),
		instead("stranger_image_portuguese", sheet("pt", "Imagens", "", `<div class="aviso"><h1>Imagem removida</h1><p>Esta imagem violava as nossas regras e foi removida.</p></div>`)),
		instead("stranger_reported_spanish", sheet("es", "Contenido retirado", "", `<h1>Contenido retirado</h1><p>Este contenido se retiró tras una denuncia de los usuarios.</p>`)),
		instead("stranger_media_japanese", sheet("ja", "動画サイト", "", anchors("nav", "トップ", "ランキング")+`<div class="error"><p>この動画は投稿者により削除されました。</p></div>`)),
	}
}

func strangerDomains() []Specimen {
	return []Specimen{
		lost("stranger_sale_dutch", sheet("nl", "Domeinnaam te koop", "", `<h1>Deze domeinnaam staat te koop</h1><p>Doe een bod via het formulier.</p><form><input name="bod"><button>Verstuur</button></form>`)),
		lost("stranger_expired_italian", sheet("it", "Dominio scaduto", "", `<h1>Questo dominio è scaduto</h1><p>Il proprietario può rinnovarlo presso il registrar.</p>`)),
		lost("stranger_fresh_registrar", sheet("en", "Registered", "", `<h1>Welcome to harbour.example</h1><p>This web page is parked for free by the registrar.</p>`)),
		lost("stranger_seized_spanish", sheet("es", "Dominio intervenido", "", `<img src="/escudo.png" alt=""><h1>Este dominio ha sido intervenido por la autoridad judicial</h1>`)).means(casefile.ReasonSeized),
		lost("stranger_suspended_french", sheet("fr", "Site suspendu", "", `<h1>Ce site a été suspendu par l'hébergeur</h1><p>Contactez le support.</p>`)).means(casefile.ReasonAccountSuspended),
	}
}

func strangerLogins() []Specimen {
	return []Specimen{
		instead("stranger_profile_german", sheet("de", "Profil", "", anchors("top", "Anmelden", "Registrieren")+`<h2>Dieses Profil ist privat</h2><p>Nur bestätigte Freunde sehen die Beiträge.</p>`)),
		instead("stranger_members_swedish", sheet("sv", "Medlemssida", "", `<h1>Endast för medlemmar</h1><form action="/in" method="post"><input name="u"><input type="password" name="p"><button>Logga in</button></form>`)),
		wall("stranger_shop_password", http.StatusOK, plain, "Opening soon", `<h1>Opening soon</h1><p>Enter using password</p><form action="/password" method="post"><input type="password" name="password"><button>Enter</button></form>`),
		wall("stranger_sso_korean", http.StatusOK, plain, "로그인", `<h1>로그인이 필요합니다</h1><form method="post"><input name="id"><input type="password" name="pw"><button>로그인</button></form>`),
	}
}

func strangerWalls() []Specimen {
	return []Specimen{
		wall("stranger_age_czech", http.StatusOK, plain, "Ověření věku", `<h1>Je vám 18 let?</h1><button>Ano</button><button>Ne</button>`),
		wall("stranger_age_danish", http.StatusOK, plain, "Aldersbekræftelse", `<h1>Du skal være fyldt 18 år for at komme ind</h1><button>Ja</button><button>Nej</button>`),
		wall("stranger_court_greek", http.StatusOK, plain, "Αποκλεισμός", `<h1>Η πρόσβαση σε αυτόν τον ιστότοπο έχει αποκλειστεί</h1><p>Με απόφαση της αρμόδιας επιτροπής.</p>`).means(casefile.ReasonLegalBlock),
		wall("stranger_court_italian", http.StatusOK, plain, "Sito oscurato", `<p>L'accesso al sito è inibito in ottemperanza a un provvedimento dell'autorità.</p>`).means(casefile.ReasonLegalBlock),
		wall("stranger_country_polish", http.StatusOK, plain, "Niedostępne", `<p>Ta treść jest niedostępna w Twoim kraju.</p>`).means(casefile.ReasonGeoBlock),
		wall("stranger_robot_ukrainian", http.StatusForbidden, plain, "Перевірка", `<h1>Підтвердьте, що ви не робот</h1><div class="h-captcha"></div>`).means(casefile.ReasonChallenge, casefile.ReasonForbidden),
	}
}
