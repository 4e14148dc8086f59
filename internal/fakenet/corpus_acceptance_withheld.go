package fakenet

import (
	"io"
	"net"

	"vigil/casefile"
)

// acceptanceWithheld are whole hosts that hold their matter back, and acceptanceSilent such that fail, by the same author as acceptanceGone.
func acceptanceWithheld() []kind {
	withheld := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateWithheld, reasons: []casefile.Reason{casefile.ReasonForbidden}, members: members}
	}
	return []kind{
		withheld("acceptance_walls", HalfTune, acceptanceWalls()...),
		withheld("acceptance_refusals", HalfHold, acceptanceRefusals()...),
	}
}

func acceptanceWalls() []Specimen {
	return []Specimen{
		wholeHost("lab_login_fr", 200, "Connexion", `<h1>Connexion</h1><form action="/connexion" method="post"><input name="email"><input type="password" name="mdp"><button>Se connecter</button></form>`, casefile.ReasonLogin),
		wholeHost("lab_members_only", 200, "Members only", `<h1>Members only</h1><p>You must be logged in to view this page. <a href="/login">Log in</a> or <a href="/register">create an account</a>.</p>`, casefile.ReasonLogin),
		wholeHost("lab_age_es", 200, "Verificación de edad", `<h1>¿Eres mayor de 18 años?</h1><p>Este sitio contiene material para adultos.</p><a href="/entrar">Sí, entrar</a> <a href="http://search.test/">No, salir</a>`, casefile.ReasonConsent),
		wholeHost("lab_age_ja", 200, "年齢確認", `<h1>年齢確認</h1><p>あなたは18歳以上ですか？</p><a href="/enter">はい</a> <a href="http://search.test/">いいえ</a>`, casefile.ReasonConsent),
		wholeHost("lab_consent_de", 200, "Ihre Privatsphäre", `<h1>Wir schätzen Ihre Privatsphäre</h1><p>Bitte stimmen Sie der Verwendung von Cookies zu, um fortzufahren.</p><button>Alle akzeptieren</button><button>Einstellungen</button>`, casefile.ReasonConsent),
		wholeHost("lab_paywall_pl", 200, "Treść premium", `<h1>Treść tylko dla subskrybentów</h1><p>Wykup dostęp, aby czytać dalej.</p><a href="/kup">Kup subskrypcję</a>`, casefile.ReasonPayment),
		turned("lab_cloudflare_challenge", everywhere(says(403, lab("Just a moment...", `<noscript>Enable JavaScript and cookies to continue</noscript><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>`)).with("Server", "cloudflare").with("Cf-Mitigated", "challenge"))).means(casefile.ReasonChallenge),
		wholeHost("lab_captcha_200", 200, "Security check", `<h1>Please verify you are a human</h1><form method="post"><div class="h-captcha" data-sitekey="x"></div><button>Continue</button></form><script src="https://hcaptcha.com/1/api.js"></script>`, casefile.ReasonChallenge),
		wholeHost("lab_app_shell", 200, "App", `<div id="app"></div><noscript>You need to enable JavaScript to run this app.</noscript><script src="/assets/index-4f2a.js" type="module"></script>`, casefile.ReasonScriptRequired),
	}
}

func acceptanceRefusals() []Specimen {
	return []Specimen{
		turned("lab_401", everywhere(says(401, lab("401 Authorization Required", "<h1>401 Authorization Required</h1>")).with("Www-Authenticate", `Basic realm="x"`))).means(casefile.ReasonLogin),
		wholeHost("lab_429", 429, "Too Many Requests", "<h1>Too many requests</h1><p>Slow down.</p>", casefile.ReasonRateLimited),
		wholeHost("lab_451_fr", 451, "Accès bloqué", "<h1>Contenu bloqué</h1><p>Ce contenu a été bloqué à la suite d'une décision de justice.</p>", casefile.ReasonLegalBlock),
		wholeHost("lab_geo_tr", 200, "Kullanılamıyor", "<h1>Bu içerik ülkenizde kullanılamıyor</h1>", casefile.ReasonGeoBlock),
		turned("lab_signed_link_expired", everywhere(says(403, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>3600</X-Amz-Expires><Expires>2024-05-01T00:00:00Z</Expires></Error>`).with("Content-Type", "application/xml"))).means(casefile.ReasonLinkExpired),
		wholeHost("lab_hotlink", 200, "Hotlinking", "<p>Hotlinking is not allowed. Please visit our site to see this picture.</p>", casefile.ReasonReferrerRequired),
	}
}

func acceptanceSilent() []kind {
	silent := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateSilent, reasons: []casefile.Reason{casefile.ReasonServerError}, members: members}
	}
	return []kind{
		silent("acceptance_lines", HalfTune,
			turned("lab_servfail", Behaviour{DNS: &DNS{Kind: DNSServfail}}).means(casefile.ReasonServfail),
			turned("lab_no_data", Behaviour{DNS: &DNS{Kind: DNSNoData}}).means(casefile.ReasonNoAddress),
			turned("lab_refused", Behaviour{Wire: WireRefuse}).means(casefile.ReasonRefused),
			turned("lab_tls_alert", Page("x").Over(TLSAlert)).secure().means(casefile.ReasonTLS),
			turned("lab_ssh_banner", Behaviour{Wire: WireBanner}).means(casefile.ReasonProtocolError)),
		silent("acceptance_failures", HalfHold,
			wholeHost("lab_cloudflare_522", 522, "stories.example | 522: Connection timed out", "<h1>Connection timed out</h1><span>Error code 522</span>"),
			wholeHost("lab_wordpress_database", 500, "Database Error", "<h1>Error establishing a database connection</h1>"),
			wholeHost("lab_maintenance_cs", 503, "Údržba", "<h1>Probíhá údržba</h1><p>Zkuste to prosím později.</p>"),
			wholeHost("lab_wordpress_maintenance_200", 200, "Maintenance", "Briefly unavailable for scheduled maintenance. Check back in a minute."),
			turned("lab_cut_short", Raw("lab_cut_short", casefile.ReasonReset, func(c net.Conn, _ *Request) {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<html><body><h1>Pict")
			}).AllPaths()).means(casefile.ReasonReset, casefile.ReasonProtocolError)),
	}
}
