package fakenet

import (
	"net/http"
	"strings"

	"vigil/casefile"
)

// withheldKinds are pages that are there for others, and not for us.
func withheldKinds() []kind {
	withheld := func(name string, half Half, reason casefile.Reason, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateWithheld, reasons: []casefile.Reason{reason}, members: members}
	}
	return []kind{
		withheld("refusing_status", HalfTune, casefile.ReasonForbidden, refusals()...),
		withheld("login_wall", HalfHold, casefile.ReasonLogin, loginWalls()...),
		withheld("paywall", HalfTune, casefile.ReasonPayment, paywalls()...),
		withheld("consent_wall", HalfHold, casefile.ReasonConsent, consentWalls()...),
		withheld("challenge", HalfTune, casefile.ReasonChallenge, challenges()...),
		withheld("captcha", HalfHold, casefile.ReasonChallenge, captchas()...),
		withheld("shell", HalfHold, casefile.ReasonScriptRequired, shells()...),
		withheld("geo_block", HalfTune, casefile.ReasonGeoBlock, geoBlocks()...),
		withheld("signed_link", HalfHold, casefile.ReasonLinkExpired, signedLinks()...),
		withheld("referrer_gate", HalfTune, casefile.ReasonReferrerRequired, referrerGates()...),
	}
}

// wall is one page before every path.
func wall(name string, status int, s skin, title, main string) Specimen {
	return turned(name, everywhere(says(status, s.page(title, main))))
}

func refusals() []Specimen {
	status := func(name string, code int, text string, reason casefile.Reason) Specimen {
		return wall(name, code, plain, text, "<h1>"+text+"</h1>").means(reason)
	}
	return []Specimen{
		turned("status_401", everywhere(says(http.StatusUnauthorized, plain.page("Password", "<p>A password is needed.</p>")).with("Www-Authenticate", `Basic realm="members"`))).means(casefile.ReasonLogin),
		status("status_402", http.StatusPaymentRequired, "Payment Required", casefile.ReasonPayment),
		status("status_403", http.StatusForbidden, "403 Forbidden", casefile.ReasonForbidden),
		status("status_407", http.StatusProxyAuthRequired, "Proxy Authentication Required", casefile.ReasonForbidden),
		turned("status_429", everywhere(says(http.StatusTooManyRequests, plain.page("Slow down", "<p>Too many requests.</p>")).with("Retry-After", "120"))).means(casefile.ReasonRateLimited),
		status("status_451", http.StatusUnavailableForLegalReasons, "Unavailable For Legal Reasons", casefile.ReasonLegalBlock),
		turned("status_403_for_the_page_only", placed(says(http.StatusForbidden, "<html><head><title>403</title></head><body><h1>Forbidden</h1><p>You have no right to open this.</p></body></html>"))),
		turned("status_403_without_a_body", everywhere(says(http.StatusForbidden, ""))),
	}
}

func loginWalls() []Specimen {
	form := `<form action="/session" method="post"><input name="mail"><input type="password" name="pass"><button>Log in</button></form>`
	return []Specimen{
		wall("login_on_every_path", http.StatusOK, social, "Log in", "<h1>Log in to go on</h1>"+form),
		turned("login_for_the_page_only", placed(says(http.StatusOK, forum.page("Log in", "<p>You are not authorised to read this forum.</p>"+form)))),
		turned("sent_to_the_login", server(func(r *Request) reply {
			if r.URL.Path == "/login" {
				return says(http.StatusOK, blog.page("Log in", form))
			}
			return sends(http.StatusFound, "/login?next="+r.URL.Path)
		})),
		turned("sent_to_a_login_of_another_name", everywhere(sends(http.StatusFound, "http://accounts-desk.example/login"))).
			besides(Site{Host: "accounts-desk.example", Path: "/login", Acts: Always(everywhere(says(http.StatusOK, plain.page("Sign in", form))))}),
		wall("members_only", http.StatusOK, forum, "Information", "<p>You must be registered and logged in to view this forum.</p><form action=\"/login\"><input name=\"u\"><input type=\"password\" name=\"p\"></form>"),
		wall("login_with_a_link_sent_by_mail", http.StatusOK, social, "Sign in to Chirrup", `<h1>Sign in to see this page</h1><form action="/magic"><input type="email" name="mail"><button>Send me a link</button></form>`),
		wall("login_in_polish", http.StatusOK, plain, "Logowanie", `<h1>Zaloguj się</h1><form><input name="u"><input type="password" name="p"><button>Dalej</button></form>`),
	}
}

func paywalls() []Specimen {
	return []Specimen{
		turned("premium_only", placed(says(http.StatusOK, fileHost.page("Parcel drop", "<h1>This file is only for premium members</h1><p>A premium account is required to download it.</p>")))),
		turned("subscribe_to_read", placed(says(http.StatusOK, news.page("The Harbour Gazette", "<h1>Ferry repairs</h1><p>Subscribe to continue reading.</p>")))),
		turned("daily_limit_reached", placed(says(http.StatusOK, fileHost.page("Parcel drop", "<h1>Limit reached</h1><p>You have used up your free downloads of today. Upgrade to premium for more.</p>")))),
	}
}

func consentWalls() []Specimen {
	buttons := `<form action="/ok" method="post"><button>Yes</button><button>No</button></form>`
	return []Specimen{
		wall("age_wall", http.StatusOK, plain, "Age check", "<h1>Are you over 18?</h1>"+buttons),
		wall("age_wall_in_german", http.StatusOK, plain, "Altersprüfung", "<h1>Sind Sie über 18?</h1>"+buttons),
		wall("cookie_wall", http.StatusOK, plain, "Before you continue", "<h1>Before you continue</h1><p>We and our 800 partners keep cookies on your device.</p>"+buttons),
		turned("sent_to_the_age_wall", server(func(r *Request) reply {
			if r.URL.Path == "/age" {
				return says(http.StatusOK, plain.page("Age verification", "<p>You must be 18 years or older to enter.</p>"+buttons))
			}
			return sends(http.StatusFound, "/age?to="+r.URL.Path)
		})),
		wall("age_wall_by_date_of_birth", http.StatusOK, shop, "Your date of birth", `<h1>Please enter your date of birth</h1><form><input name="d"><input name="m"><input name="y"><button>Enter</button></form><p>You need to be of legal age to visit this site.</p>`),
		wall("cookie_wall_in_dutch", http.StatusOK, plain, "Voordat je verdergaat", "<p>Wij gebruiken cookies. Accepteer ze om verder te gaan.</p>"+buttons),
	}
}

func challenges() []Specimen {
	page := func(name string, p reply) Specimen { return turned(name, everywhere(p)) }
	script := func(title, words string) string {
		return "<!doctype html><html><head><title>" + title + "</title></head><body><p>" + words + `</p><script src="/check/x.js"></script></body></html>`
	}
	return []Specimen{
		page("edge_mitigated", says(http.StatusForbidden, script("Just a moment...", "")).with("Cf-Mitigated", "challenge")),
		page("edge_503_checking", says(http.StatusServiceUnavailable, script("One moment", "Checking your browser before you go on."))),
		page("guard_403", says(http.StatusForbidden, script("Guard", "Checking your browser. DDoS protection by a guard.")).with("Server", "ddos-guard")),
		page("firewall_202", says(http.StatusAccepted, script("", "")).with("X-Amzn-Waf-Action", "challenge")),
		page("firewall_405_captcha", says(http.StatusMethodNotAllowed, script("Human verification", "Verify you are human.")).with("X-Amzn-Waf-Action", "captcha")),
		page("incident_frame_200", says(http.StatusOK, `<html><head><meta name="robots" content="noindex"></head><body><iframe src="/_Incapsula_Resource?incident_id=7" width="100%"></iframe></body></html>`)),
		page("device_check_403", says(http.StatusForbidden, `<html><head><title>shop.example</title></head><body><p id="cmsg">Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c'}</script></body></html>`).with("X-Datadome", "protected")),
		page("platform_429_checkpoint", says(http.StatusTooManyRequests, script("Security checkpoint", "We are verifying your browser")).with("X-Vercel-Mitigated", "challenge")).
			means(casefile.ReasonChallenge, casefile.ReasonRateLimited),
		page("cookie_by_script_200", says(http.StatusOK, `<html><body><script>document.cookie="t=7";location.reload();</script></body></html>`)).
			means(casefile.ReasonChallenge, casefile.ReasonScriptRequired),
	}
}

func captchas() []Specimen {
	box := `<form method="post"><div class="g-recaptcha" data-sitekey="x"></div><script src="/captcha/api.js"></script><button>Go on</button></form>`
	return []Specimen{
		wall("not_a_robot", http.StatusOK, plain, "Check", "<h1>Please show that you are not a robot</h1>"+box),
		wall("unusual_traffic", http.StatusTooManyRequests, plain, "Sorry", "<p>Our systems have seen unusual traffic from your network.</p>"+box).means(casefile.ReasonChallenge, casefile.ReasonRateLimited),
		wall("type_the_letters", http.StatusOK, plain, "Security check", `<p>Type the characters that you see in the picture.</p><img src="/c.png"><form><input name="c"></form>`),
		wall("press_and_hold_403", http.StatusForbidden, plain, "Access to this page has been denied", "<p>Press and hold to confirm you are a human (and not a bot).</p><script src=\"/px.js\"></script>").means(casefile.ReasonChallenge, casefile.ReasonForbidden),
		wall("robot_in_french", http.StatusOK, plain, "Contrôle", "<p>Confirmez que vous n'êtes pas un robot.</p>"+box),
	}
}

func shells() []Specimen {
	shell := func(name, body string) Specimen {
		return turned(name, everywhere(says(http.StatusOK, `<!doctype html><html><head><title>App</title><script src="/a.js" defer></script></head><body>`+body+`</body></html>`)))
	}
	return []Specimen{
		shell("empty_root", `<div id="root"></div>`),
		shell("root_with_a_spinner", `<div id="app"><div class="spinner">Loading...</div></div><noscript>You need to enable JavaScript to run this app.</noscript>`),
		shell("shell_with_menu", `<div id="app"><nav><a href="/">Home</a><a href="/new">New</a><a href="/help">Help</a></nav><div class="skeleton"></div></div><script src="/b.js"></script>`),
		turned("sent_on_by_refresh", server(func(r *Request) reply {
			return says(http.StatusOK, `<html><head><meta http-equiv="refresh" content="0; url=/go?to=`+r.URL.Path+`"></head><body>One moment.</body></html>`)
		})),
		turned("sent_on_by_script", server(func(r *Request) reply {
			return says(http.StatusOK, `<html><head><script>location.replace("/go?to=`+r.URL.Path+`")</script></head><body></body></html>`)
		})),
		shell("packed_script", `<script>eval(function(p,a){return p}('`+strings.Repeat("0x1f,", 300)+`'))</script>`),
	}
}

func geoBlocks() []Specimen {
	return []Specimen{
		wall("country_403", http.StatusForbidden, plain, "Not for you", "<p>This content is not available in your country.</p>"),
		wall("region_200", http.StatusOK, social, "Chirrup", "<h2>Not available in your region</h2><p>We are working on it.</p>"),
		turned("sent_to_the_region_page", server(func(r *Request) reply {
			if r.URL.Path == "/unavailable" {
				return says(http.StatusOK, news.page("Unavailable", "<p>Our site is unavailable in your region for reasons of law.</p>"))
			}
			return sends(http.StatusFound, "/unavailable")
		})),
		wall("country_in_french", http.StatusForbidden, plain, "Indisponible", "<p>Cette vidéo n'est pas disponible dans votre pays.</p>"),
		turned("video_of_one_country", placed(says(http.StatusOK, social.page("Video", "<div><p>The uploader has not made this video available in your country.</p></div>")))),
	}
}

func signedLinks() []Specimen {
	xml := func(code, message string) reply {
		return reply{status: http.StatusForbidden, body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>` + message + `</Message></Error>`}.with("Content-Type", "application/xml")
	}
	link := func(name string, p reply) Specimen {
		return turned(name, everywhere(p)).from(placed(file("image/jpeg", jpegMagic, 41, 30_000))).at("/albums/ferry.jpg?expires=1790000000&signature=x7Gq")
	}
	either := []casefile.Reason{casefile.ReasonLinkExpired, casefile.ReasonForbidden}
	return []Specimen{
		link("store_request_has_expired", xml("AccessDenied", "Request has expired")).means(either...),
		link("store_access_denied", xml("AccessDenied", "Access Denied")).means(casefile.ReasonForbidden, casefile.ReasonLinkExpired),
		link("signature_not_valid", xml("SignatureDoesNotMatch", "The signature does not match")).means(casefile.ReasonForbidden, casefile.ReasonLinkExpired),
		link("token_over_in_words", says(http.StatusForbidden, plain.page("Link expired", "<p>This link has expired. Ask for a new one.</p>"))),
		link("token_over_200", says(http.StatusOK, fileHost.page("Parcel drop", "<h1>Your download link has expired</h1><p>Go back to the page of the file to get a new one.</p>"))),
		link("signature_expired_in_plain_text", reply{status: http.StatusForbidden, body: "URL signature expired"}.with("Content-Type", "text/plain")).means(either...),
	}
}

// noHotlink is the picture that some servers show to who comes directly.
const noHotlink = "/nohotlink.png"

func referrerGates() []Specimen {
	gate := func(name string, before Behaviour, closed reply) Specimen {
		open := before.Answer
		b := before
		b.Answer = func(w http.ResponseWriter, r *Request) {
			if r.Referer() == "" && r.URL.Path != "/" && r.URL.Path != noHotlink {
				closed.write(w, r)
				return
			}
			open(w, r)
		}
		return turned(name, b).from(before)
	}
	picture := placed(file("image/jpeg", jpegMagic, 42, 30_000))
	return []Specimen{
		gate("hotlinks_403", picture, says(http.StatusForbidden, plain.page("Hotlinking", "<p>Hotlinking is not allowed.</p>"))).at("/i/ferry.jpg"),
		gate("direct_access_200", original(4), says(http.StatusOK, plain.page("Sorry", "<p>Direct access is not allowed. Come by way of our front page.</p>"))),
		gate("hotlink_placeholder", picture, file("image/png", pngMagic, 43, 700)).at("/i/ferry.jpg").means(casefile.ReasonReferrerRequired, casefile.ReasonContentDiffers),
		gate("hotlink_placeholder_by_redirect", server(func(r *Request) reply {
			switch r.URL.Path {
			case "/i/ferry.jpg":
				return file("image/jpeg", jpegMagic, 44, 30_000)
			case noHotlink:
				return file("image/png", pngMagic, 45, 700)
			}
			return bare404
		}), sends(http.StatusFound, noHotlink)).at("/i/ferry.jpg").means(casefile.ReasonReferrerRequired, casefile.ReasonContentDiffers),
		turned("legal_page_for_who_comes_directly", placed(says(http.StatusOK, shop.page("Kettle and Pan", "<h1>Kettles</h1>"+pictures(1, 6)+paragraphs(prose(2, 6)))))).
			means(casefile.ReasonReferrerRequired, casefile.ReasonContentDiffers).onlyKnown(),
	}
}
