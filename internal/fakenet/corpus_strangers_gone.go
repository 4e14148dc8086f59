package fakenet

import (
	"net/http"
	"strconv"
	"strings"

	"vigil/casefile"
)

// The strangers' pages were written from the look of real software, before the rules
// were read: they say how well the rules do on pages that nobody fitted them to.

// sheet is a document in a language, without any of the corpus's skins.
func sheet(lang, title, head, body string) string {
	return `<!DOCTYPE html><html lang="` + lang + `"><head><meta charset="UTF-8"><title>` + title + `</title><meta name="viewport" content="width=device-width, initial-scale=1">` +
		head + `<!-- ` + MarkerPlaceholder + ` --></head><body>` + body + `</body></html>`
}

// lost is a page that a server gives with 200 for everything it does not have.
func lost(name, page string) Specimen { return turned(name, absent(says(http.StatusOK, page))) }

// instead is a page with 200 in the place of one that is gone; what never was is a 404.
func instead(name, page string) Specimen { return turned(name, placed(says(http.StatusOK, page))) }

// anchors is a row of links.
func anchors(class string, texts ...string) string {
	var b strings.Builder
	b.WriteString(`<div class="` + class + `">`)
	for i, t := range texts {
		b.WriteString(`<a href="/` + class + `/` + strconv.Itoa(i) + `">` + t + `</a> `)
	}
	return b.String() + `</div>`
}

// cookieBar is the banner that hangs over most pages of today.
func cookieBar(text, yes, no string) string {
	return `<div id="cookie-notice" role="dialog" class="cookie-notice-container"><span>` + text + `</span><a href="#" data-cookie-set="accept">` + yes +
		`</a><a href="#" data-cookie-set="refuse">` + no + `</a></div>`
}

func strangersGone() []kind {
	return []kind{
		dead("strange_cms", HalfTune, soft404, strangeCMS()...),
		dead("strange_board", HalfHold, soft404, strangeBoards()...),
		dead("strange_media", HalfTune, takenDown, strangeMedia()...),
		dead("strange_store", HalfHold, missing404, strangeStores()...),
		dead("strange_suspension", HalfTune, []casefile.Reason{casefile.ReasonAccountSuspended}, strangeSuspensions()...),
		dead("strange_parking", HalfHold, []casefile.Reason{casefile.ReasonParked}, strangeParking()...),
		dead("strange_seizure", HalfTune, []casefile.Reason{casefile.ReasonSeized}, strangeSeizures()...),
	}
}

func strangeCMS() []Specimen {
	return []Specimen{
		lost("strange_joomla_german", sheet("de", "404 - Fehler: 404", `<link href="/templates/system/css/error.css" rel="stylesheet">`,
			`<div class="error"><div id="outline"><div id="errorboxoutline"><div id="errorboxheader">404 - Beitrag nicht gefunden</div><div id="errorboxbody"><p><strong>Mögliche Gründe:</strong></p>`+
				`<ol><li>Ein <strong>veraltetes Lesezeichen</strong></li><li>Eine falsch eingegebene Adresse</li><li>Die Seite gibt es nicht mehr</li></ol><p><a href="/index.php">Zur Startseite</a></p></div></div></div></div>`)),
		lost("strange_drupal_spanish", sheet("es", "Página no encontrada | Ayuntamiento de Villaclara", `<link rel="stylesheet" href="/core/themes/bartik/css/layout.css">`,
			cookieBar("Utilizamos cookies propias y de terceros.", "Aceptar", "Rechazar")+anchors("menu-principal", "Inicio", "Trámites", "Agenda", "Turismo", "Contacto")+
				`<div class="region region-content"><h1 class="page-title">Página no encontrada</h1><div class="block-system-main-block">La página solicitada no pudo encontrarse.</div></div>`+
				anchors("pie", "Aviso legal", "Accesibilidad", "Mapa web"))),
		lost("strange_wordpress_italian", sheet("it", "Pagina non trovata &#8211; La bottega di Lucia", `<link rel="stylesheet" href="/wp-content/themes/astra/style.css">`,
			anchors("menu", "Casa", "Ricette", "Chi sono")+`<section class="error-404 not-found"><h1 class="page-title">Ops! Non riusciamo a trovare questa pagina.</h1>`+
				`<p>Sembra che qui non ci sia nulla. Vuoi provare una ricerca?</p><form role="search" class="search-form"><input type="search" name="s"></form></section>`+
				`<footer>`+anchors("recenti", "Focaccia di Recco", "Il pane di segale", "Marmellata di fichi")+`</footer>`)),
		lost("strange_shop_french", sheet("fr", "404 Page introuvable – Atelier Brume", `<script src="/cdn/shop/t/4/assets/theme.js" defer></script>`,
			anchors("annonce", "Livraison offerte dès 60 €")+anchors("menu", "Bougies", "Savons", "Coffrets", "Panier (0)")+
				`<div class="template-404 page-width center"><p>404</p><h1 class="title">Page introuvable</h1><a href="/collections/all" class="button">Continuer les achats</a></div>`+
				cookieBar("Ce site utilise des cookies.", "Accepter", "Refuser"))),
		lost("strange_site_builder", sheet("en", "Oak Street Pottery", `<script src="//static.builder.example/universal/site-bundle.js"></script>`,
			anchors("header-nav", "Work", "Classes", "About")+`<main id="page"><article><p>We couldn't find the page you were looking for. This is either because:</p><ul><li>There is an error in the URL entered into your web browser. Please check the URL and try again.</li>`+
				`<li>The page you are looking for has been moved or deleted.</li></ul><p>You can return to our homepage by <a href="/">clicking here</a>, or you can try searching for the content you are seeking.</p></article></main>`)),
		lost("strange_blog_portuguese", sheet("pt-BR", "Cantinho da Vovó", `<meta content="blogger" name="generator">`,
			`<div class="header-inner"><h1>Cantinho da Vovó</h1></div><div class="status-msg-wrap"><div class="status-msg-body">Desculpe, a página que você está procurando neste blog não existe.</div></div>`+
				anchors("arquivo", "2026 (12)", "2025 (48)", "2024 (31)")+`<div>Tecnologia do Blogueiro. Imagens de tema por fulano.</div>`)),
		lost("strange_blog_withdrawn", sheet("en", "Blog has been removed", "",
			`<div class="main"><div class="logo"></div><h1>Blog has been removed</h1><p>Sorry, the blog at this address has been removed. This address is not available for new blogs.</p><p>Did you expect to see your blog here? See: <a href="/help">I cannot find my blog</a>.</p></div>`)).
			means(casefile.ReasonTakedownPage, casefile.ReasonSoft404, casefile.ReasonAccountSuspended),
		lost("strange_microblog", sheet("en", "Not found.", "", `<div class="l-container"><h1>There's nothing here.</h1><p>Whatever you were looking for doesn't currently exist at this address. Unless you were looking for this error page, in which case: Congratulations! You totally found it.</p></div>`)),
		lost("strange_typo3_dutch", sheet("nl", "Pagina niet gevonden - Gemeente Waterveen", `<meta name="generator" content="TYPO3 CMS">`,
			anchors("hoofdmenu", "Paspoort", "Afval", "Bouwen", "Contact")+`<div class="csc-default"><h1>Deze pagina bestaat niet (meer)</h1><p>Controleer de URL of gebruik de zoekfunctie.</p></div><footer>Postbus 7, Waterveen</footer>`)),
		lost("strange_bitrix_russian", sheet("ru", "404 Not Found", `<link href="/bitrix/templates/main/template_styles.css" rel="stylesheet">`,
			anchors("menu", "Каталог", "Доставка", "Акции", "Контакты")+`<div class="error404"><b>404</b><p>Неправильно набран адрес, или такой страницы на сайте больше не существует.</p><p>Вернитесь на <a href="/">главную</a> или воспользуйтесь картой сайта.</p></div><footer>© Всё для дачи</footer>`)),
		lost("strange_portal_japanese", sheet("ja", "お探しのページは見つかりません｜みなと市民ひろば", "",
			anchors("gnav", "ホーム", "お知らせ", "施設案内", "アクセス")+`<div id="contents"><h2>お探しのページが見つかりません。</h2><p>申し訳ございません。お探しのページは移動または削除された可能性があります。URLをご確認ください。</p><p><a href="/">トップページへ戻る</a></p></div><small>みなと市民ひろば</small>`)),
	}
}

func strangeBoards() []Specimen {
	return []Specimen{
		lost("strange_phpbb_polish", sheet("pl", "Forum Modelarzy - Informacja", `<link href="./styles/prosilver/theme/stylesheet.css" rel="stylesheet">`,
			`<div id="wrap" class="wrap"><div class="headerbar"><p class="site-description">Forum Modelarzy</p></div>`+anchors("linklist", "Strona główna forum", "FAQ", "Zaloguj się", "Zarejestruj się")+
				`<div id="page-body"><div class="panel" id="message"><div class="inner"><h2 class="message-title">Informacja</h2><p>Wybrany temat nie istnieje.</p></div></div></div><div class="copyright">Strefa czasowa UTC+01:00</div></div>`)),
		lost("strange_xenforo", sheet("en", "Oops! We ran into some problems. | Kayak Talk", `<html id="XF" data-app="public">`,
			anchors("p-nav", "Forums", "What's new", "Members", "Log in", "Register")+`<div class="p-body"><h1 class="p-title-value">Oops! We ran into some problems.</h1><div class="blockMessage">The requested thread could not be found.</div></div><footer class="p-footer">Contact us Terms and rules</footer>`)),
		lost("strange_vbulletin_spanish", sheet("es", "Foro de Relojería", `<meta name="generator" content="vBulletin 4.2.5">`,
			anchors("navtabs", "Foro", "Blogs", "Novedades")+`<div class="standard_error"><h2 class="blockhead">Mensaje del sistema</h2><div class="blockbody formcontrols"><div class="blockrow restore">Tema especificado inválido. Si has seguido un enlace válido, por favor notifícalo al <a href="/contacto">administrador</a></div></div></div>`+
				`<form id="navbar_loginform" action="/login.php"><input name="vb_login_username"><input type="password" name="vb_login_password"></form>`)),
		lost("strange_smf_french", sheet("fr", "Une erreur est survenue !", "",
			anchors("menu", "Accueil", "Aide", "Identifiez-vous", "Inscrivez-vous")+`<div id="fatal_error"><div class="cat_bar"><h3 class="catbg">Une erreur est survenue !</h3></div><div class="windowbg"><div class="padding">Le fil de discussion que vous cherchez n'existe pas ou plus.</div></div></div><div class="centertext"><a class="button" href="javascript:history.go(-1)">Retour</a></div>`)),
		lost("strange_board_off_limits", sheet("en", "An Error Has Occurred!", "",
			anchors("dropmenu", "Home", "Help", "Login", "Register")+`<div id="fatal_error"><h3 class="catbg">An Error Has Occurred!</h3><div class="errorbox">The topic or board you are looking for appears to be either missing or off limits to you.</div></div>`)).
			means(casefile.ReasonSoft404, casefile.ReasonLogin, casefile.ReasonForbidden),
		lost("strange_ipb", sheet("en", "Sorry, we couldn't find that! - Synth Corner", `<link rel="stylesheet" href="/uploads/css_built_1/core.css">`,
			anchors("ipsNavBar", "Browse", "Activity", "Sign In")+`<section class="ipsType_center ipsPad" id="elError"><i class="fa fa-exclamation-circle"></i><p class="ipsType_reset">Sorry, there is a problem</p><div id="elErrorMessage">We could not locate the item you are trying to view.</div><p class="ipsType_light">Error code: 2F173/1</p></section>`)),
		lost("strange_mybb_turkish", sheet("tr", "Fotoğraf Forumu", "",
			anchors("ust", "Portal", "Arama", "Üye Listesi", "Giriş Yap")+`<table class="tborder"><tr><td class="thead"><strong>Fotoğraf Forumu</strong></td></tr><tr><td class="trow1">Belirtilen konu mevcut değil ya da silinmiş.</td></tr></table>`)),
		lost("strange_discuz_chinese", sheet("zh-CN", "提示信息 - 茶友论坛 - Powered by Discuz!", "",
			anchors("nv", "论坛", "群组", "排行榜")+`<div id="ct" class="wp cl w"><div class="nfl"><div id="messagetext" class="alert_error"><p>抱歉，指定的主题不存在或已被删除或正在被审核</p><script>if(history.length>1)document.write('返回上一页')</script></div></div></div><div id="ft">Powered by Discuz! X3.4</div>`)),
		lost("strange_board_japanese", sheet("ja", "掲示板", "", `<center><font color="red" size="5"><b>スレッドがありません。</b></font><br><br><a href="/futaba.htm">リロード</a></center>`)),
		instead("strange_board_post_removed", sheet("en", "[removed by moderator] : gardening", `<script src="/shreddit/app.js"></script>`,
			anchors("top", "Popular", "All", "Log in")+`<div class="thing"><h1>[Removed by moderator]</h1><div class="usertext-body">Sorry, this post was removed by the moderators of gardening.</div></div>`+
				`<div class="commentlist"><div class="comment">[deleted]</div><div class="comment">[deleted]</div><div class="comment">Read the rules before posting.</div></div>`)).means(takenDown...),
		lost("strange_community_banned", sheet("en", "banned", "",
			`<div class="interstitial"><img src="/banned.png" alt="banned"><h3>This community has been banned</h3><p>This community was banned for violating our rule against harassment.</p><p>Banned 3 months ago.</p><a class="c-btn" href="/">Back to the front page</a></div>`)).
			means(casefile.ReasonTakedownPage, casefile.ReasonAccountSuspended, casefile.ReasonSoft404),
	}
}
