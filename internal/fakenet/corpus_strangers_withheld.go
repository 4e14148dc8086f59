package fakenet

import (
	"net/http"
	"strings"

	"vigil/casefile"
)

func strangersWithheld() []kind {
	withheld := func(name string, half Half, reason casefile.Reason, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateWithheld, reasons: []casefile.Reason{reason}, members: members}
	}
	return []kind{
		withheld("strange_expired_link", HalfTune, casefile.ReasonLinkExpired, strangeExpiredLinks()...),
		withheld("strange_bot_wall", HalfHold, casefile.ReasonChallenge, strangeBotWalls()...),
		withheld("strange_consent", HalfTune, casefile.ReasonConsent, strangeConsents()...),
		withheld("strange_login", HalfHold, casefile.ReasonLogin, strangeLogins()...),
		withheld("strange_block", HalfTune, casefile.ReasonLegalBlock, strangeBlocks()...),
		withheld("strange_shell", HalfHold, casefile.ReasonScriptRequired, strangeShells()...),
	}
}

func strangeExpiredLinks() []Specimen {
	link := func(name, path string, status int, mediaType, body string) Specimen {
		return turned(name, placed(reply{status: status, body: body}.with("Content-Type", mediaType))).from(placed(file("image/jpeg", jpegMagic, 71, 22_000))).at(path)
	}
	either := []casefile.Reason{casefile.ReasonLinkExpired, casefile.ReasonForbidden}
	return []Specimen{
		link("strange_signed_object", "/media/ferry.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20250101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=00ff", http.StatusForbidden, "application/xml",
			`<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>3600</X-Amz-Expires><Expires>2025-01-01T01:00:00Z</Expires><ServerTime>2026-01-01T00:00:00Z</ServerTime></Error>`),
		link("strange_signed_token", "/b/quay/o/ferry.jpg?GoogleAccessId=x&Expires=1700000000&Signature=00", http.StatusBadRequest, "application/xml",
			`<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message><Details>The provided token has expired. Request signature expired at: 2023-11-14T22:13:20+00:00</Details></Error>`).means(either...),
		link("strange_shared_access", "/albums/ferry.jpg?sv=2022-11-02&se=2025-01-01T00%3A00%3A00Z&sr=b&sp=r&sig=abc", http.StatusForbidden, "application/xml",
			`<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.</Message><AuthenticationErrorDetail>Signed expiry time [Wed, 01 Jan 2025 00:00:00 GMT] must be after signed start time</AuthenticationErrorDetail></Error>`).means(either...),
		link("strange_edge_signature", "/v/ferry.mp4?Expires=1700000000&Signature=abc&Key-Pair-Id=K1", http.StatusForbidden, "text/xml",
			`<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>`).means(either...),
		instead("strange_transfer_dutch", sheet("nl", "Link verlopen", "", `<div class="paneel"><h1>Deze downloadlink is verlopen</h1><p>Vraag de afzender om een nieuwe link.</p></div>`)),
	}
}

func strangeBotWalls() []Specimen {
	all := func(name string, p reply) Specimen { return turned(name, everywhere(p)) }
	return []Specimen{
		all("strange_managed_challenge", says(http.StatusForbidden, `<!DOCTYPE html><html lang="en-US"><head><title>Einen Moment…</title><meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="360"></head><body><div class="main-wrapper" role="main"><noscript><div class="h2"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></noscript></div><script>(function(){window._cf_chl_opt={cvId:'3',cType:'managed'};})();</script></body></html>`).with("Cf-Mitigated", "challenge").with("Server", "cloudflare")),
		all("strange_guard_russian", says(http.StatusForbidden, sheet("ru", "DDOS-GUARD", `<script src="/.well-known/ddos-guard/js-challenge/index.js" data-ddg-origin="true"></script>`, `<h1 id="ddg-l10n-title">Проверка браузера перед переходом на сайт</h1><p id="ddg-l10n-description">Пожалуйста, подождите несколько секунд.</p>`)).with("Server", "ddos-guard")),
		all("strange_cookie_by_script", says(http.StatusOK, `<html><title>You are being redirected...</title><noscript>Javascript is required. Please enable javascript before you are allowed to see this page.</noscript><script>var s={},u,c,U,r,i,l=0,a,e=eval,w=String.fromCharCode,sucuri_cloudproxy_js='',S='cz0iMSI';</script></html>`).with("Server", "Sucuri/Cloudproxy")).means(casefile.ReasonChallenge, casefile.ReasonScriptRequired),
		all("strange_incident", says(http.StatusOK, `<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head><body style="margin:0px;height:100%"><iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=0-0&incident_id=7-7&edet=12" frameborder=0 width="100%" height="100%">Request unsuccessful. Incapsula incident ID: 77-77</iframe></body></html>`).with("X-Iinfo", "7-7-7 NNNN CT(0 0 0) RT(0 0)")),
		all("strange_reference_number", says(http.StatusForbidden, `<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access this page on this server.<P>Reference&#32;&#35;18&#46;7f</BODY></HTML>`).with("Server", "AkamaiGHost")).means(casefile.ReasonForbidden, casefile.ReasonChallenge),
		all("strange_slider", says(http.StatusForbidden, `<html lang="en"><head><title>boots.example</title></head><body style="margin:0"><p id="cmsg">Please enable JS and disable any ad blocker</p><script data-cfasync="false">var dd={'rt':'c','cid':'AH','hsh':'00','t':'bv'}</script><script src="https://ct.captcha.example/c.js"></script></body></html>`).with("X-Datadome", "protected")).means(casefile.ReasonChallenge, casefile.ReasonForbidden, casefile.ReasonScriptRequired),
		all("strange_press_and_hold", says(http.StatusForbidden, sheet("en", "Access to this page has been denied", "", `<div class="px-captcha-container"><div id="px-captcha"></div><p>Press &amp; Hold to confirm you are a human (and not a bot).</p></div>`))),
		all("strange_proof_of_work", says(http.StatusOK, sheet("en", "Making sure you&#39;re not a bot!", `<script id="anubis_challenge" type="application/json">{"rules":{"difficulty":4}}</script>`, `<h1 id="title">Making sure you're not a bot!</h1><img src="/.within.website/x/pensive.webp"><p id="status">Loading...</p><noscript><p>Sadly, you must enable JavaScript to get past this challenge.</p></noscript>`))),
		all("strange_firewall_chinese", says(http.StatusMethodNotAllowed, sheet("zh-CN", "405", "", `<div id="block_message">很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</div>`))).means(casefile.ReasonForbidden, casefile.ReasonChallenge),
		all("strange_robot_check_japanese", says(http.StatusOK, sheet("ja", "ロボットではないことの確認", `<script src="https://hcaptcha.example/1/api.js" async defer></script>`, `<form action="/verify" method="post"><h1>あなたがロボットではないことを確認します</h1><div class="h-captcha" data-sitekey="0000"></div><button>続ける</button></form>`))),
		all("strange_waf_accepted", says(http.StatusAccepted, `<!DOCTYPE html><html lang="en"><head><title></title><script type="text/javascript">window.awsWafCookieDomainList = [];window.gokuProps = {"key":"AQ","iv":"00","context":"11"};</script><script src="https://token.awswaf.example/challenge.js"></script></head><body><div id="challenge-container"></div></body></html>`).with("X-Amzn-Waf-Action", "challenge")),
	}
}

func strangeConsents() []Specimen {
	return []Specimen{
		wall("strange_age_french", http.StatusOK, plain, "Avertissement", `<div id="disclaimer"><h1>Vous devez être majeur pour entrer</h1><p>Ce site est réservé à un public adulte.</p><button>J'ai plus de 18 ans, entrer</button><a href="https://exit.example">Quitter</a></div>`),
		turned("strange_age_japanese", server(func(r *Request) reply {
			if r.URL.Path == "/age_check" {
				return says(http.StatusOK, sheet("ja", "年齢確認", "", `<h1>年齢確認</h1><p>ここから先は、アダルト商品を扱うサイトになります。18歳未満のアクセスは固くお断りします。あなたは18歳以上ですか？</p><a href="/yes">はい</a><a href="/no">いいえ</a>`))
			}
			return sends(http.StatusFound, "/age_check?u="+strings.ReplaceAll(r.URL.Path, "/", "%2F"))
		})),
		instead("strange_pay_or_consent_german", sheet("de", "Einwilligung", "", `<div class="cmp"><h1>Mit Werbung weiterlesen oder werbefrei im Pur-Abo</h1><p>Besuchen Sie uns wie gewohnt mit Werbung und Tracking, indem Sie zustimmen.</p><button>Akzeptieren und weiter</button><button>Pur abonnieren</button></div>`)).means(casefile.ReasonConsent, casefile.ReasonPayment),
	}
}

func strangeLogins() []Specimen {
	return []Specimen{
		instead("strange_board_russian", sheet("ru", "Сообщение форума", "", anchors("nav", "Регистрация", "Справка")+`<div class="panel"><p>Вы не вошли или у вас нет прав для доступа к этой странице.</p><form action="login.php"><input name="u"><input type="password" name="p"><input type="submit" value="Вход"></form></div>`)),
		instead("strange_private_profile", sheet("en", "Anna (@anna)", "", anchors("top", "Log in", "Sign up")+`<header><h1>anna</h1><p>12 posts 340 followers</p></header><article><h2>This account is private</h2><p>Already follow anna? Log in to see their photos and videos.</p></article>`)),
		instead("strange_protected_post_spanish", sheet("es", "Protegido: El viaje", "", `<article class="post-password-required"><h1>Protegido: El viaje</h1><p>Este contenido está protegido por contraseña. Para verlo, introduce tu contraseña a continuación:</p><form class="post-password-form"><input name="post_password" type="password"><input type="submit" value="Entrar"></form></article>`)),
	}
}

func strangeBlocks() []Specimen {
	return []Specimen{
		wall("strange_court_turkish", http.StatusOK, plain, "Erişim engellendi", `<p>Bu siteye erişim, sulh ceza hâkimliğinin kararı ile engellenmiştir.</p>`),
		wall("strange_registry_russian", http.StatusOK, plain, "Доступ ограничен", `<h1>Доступ к ресурсу ограничен</h1><p>Доступ к информационному ресурсу ограничен на основании Федерального закона «Об информации».</p>`),
		instead("strange_country_spanish", sheet("es", "No disponible", "", `<h1>Lo sentimos</h1><p>Este contenido no está disponible en tu país.</p>`)).means(casefile.ReasonGeoBlock),
		wall("strange_limited_by_owner", http.StatusServiceUnavailable, plain, "Your access to this site has been limited", `<h1>Your access to this site has been limited by the site owner</h1><p>Your access to this service has been limited. (HTTP response code 503)</p>`).means(casefile.ReasonForbidden, casefile.ReasonRateLimited, casefile.ReasonServerError),
		instead("strange_quota", sheet("en", "Quota exceeded", "", `<p class="uc-error-caption">Sorry, you can't view or download this file at this time.</p><p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently. Please try accessing the file again later.</p>`)).means(casefile.ReasonRateLimited, casefile.ReasonForbidden),
	}
}

func strangeShells() []Specimen {
	return []Specimen{
		wall("strange_shell_react", http.StatusOK, plain, "Portal", `<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div><script src="/static/js/main.8f.chunk.js"></script>`),
		turned("strange_shell_angular", everywhere(says(http.StatusOK, `<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>客户门户</title><base href="/"></head><body><app-root></app-root><script src="runtime.js" type="module"></script><script src="polyfills.js" type="module"></script><script src="main.js" type="module"></script></body></html>`))),
	}
}
