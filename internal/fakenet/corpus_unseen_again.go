package fakenet

import (
	"strings"

	"vigil/casefile"
)

// unseenAgain are live and silent behaviours that were written after the rules had learnt from the first unseen ones.
func unseenAgain() []kind {
	return []kind{
		{name: "unseen_again_words", half: HalfTune, state: casefile.StateLive, reasons: seenLive, members: againWords()},
		{name: "unseen_again_sites", half: HalfHold, state: casefile.StateLive, reasons: seenLive, members: againSites()},
		{name: "unseen_again_pauses", half: HalfTune, state: casefile.StateSilent, reasons: later, members: againPauses()},
	}
}

func againWords() []Specimen {
	wiki := func(title, main string) string {
		return `<!doctype html><html><head><title>` + title + ` - Ropepedia</title></head><body><div id="mw-panel"><a href="/Main">Main page</a><a href="/Random">Random article</a></div><div id="content"><h1 class="firstHeading">` + title + `</h1>` + main + `</div><div id="footer">Text is available under a free licence.</div></body></html>`
	}
	noArticle := says(404, wiki("Lost knot", "<p>There is currently no text in this page. You can search for this page title in other pages.</p>"))
	news := func(title, main string) string {
		return `<html lang="en"><head><title>` + title + ` | Quay Courier</title></head><body><header><a href="/">Quay Courier</a><a href="/town">Town</a><a href="/sport">Sport</a></header><article><h1>` + title + `</h1>` + main + `</article><footer>Quay Courier, 4 Pier Road</footer></body></html>`
	}
	noNews := says(404, news("We can't find that page", "<p>It may have moved. Try our front page.</p>"))
	softNews := ok(news("We can't find that page", "<p>It may have moved. Try our front page.</p>"))
	at := func(name, path string, page, missing reply) Specimen {
		return still(name, hosted(page, ok(news("Front", "<p>Today</p>")), missing)).at(path)
	}
	return []Specimen{
		at("article_on_a_takedown_without_pictures", "/town/7", ok(news("Ropewalk video taken down", "<p>The video of the ropewalk was taken down at the request of its owner on Monday. Readers still share it, and the museum shows it each Sunday in the hall behind the ticket desk, with tea and a talk by two of the makers.</p><p>Anna Ropemaker says she will ask a court.</p>")), noNews),
		at("article_on_a_takedown_on_a_soft_site", "/town/8", ok(news("Content removed after complaint", "<p>A platform says this content has been removed. The mayor disagrees, and shows the minutes of the meeting to all who ask at the town hall.</p><p>Two members of the choir have asked for their part of the pictures, and the printer at the quay will sell them as cards from Monday on.</p>")), softNews),
		at("article_on_a_seizure_on_a_soft_site", "/town/9", ok(news("This domain has been seized", "<p>That is what customers of a kettle shop read since Friday. The police took the servers away in two vans.</p><img src=\"/van.jpg\">")), softNews),
		at("article_on_a_suspension_on_a_soft_site", "/town/10", ok(news("Account suspended: the choir is silent", "<p>The choir's channel with its 300 songs is back since noon. The platform speaks of a mistake.</p>")), softNews),
		at("article_on_a_parked_name_on_a_soft_site", "/town/11", ok(news("This domain is for sale", "<p>The old name of the town is for sale, for the price of a boat. The council will talk about it in June.</p>")), softNews),
		at("wiki_on_an_error", "/HTTP_404", ok(wiki("HTTP 404", "<p>HTTP 404, or page not found, is an answer of a server that cannot find what was asked for.</p><img src=\"/404.png\"><p>See also: soft 404, link rot.</p>")), noArticle),
		at("profile_of_a_member_who_was_suspended", "/u/emil", ok(bare("emil - Chirrup", `<h1>emil</h1><p>Photos of bees.</p><div class="banner">This account has been suspended from commenting until Friday.</div><div class="grid"><a href="/p/1"><img src="/1.jpg"></a><a href="/p/2"><img src="/2.jpg"></a></div>`)), noSuchFile),
		at("clip_with_one_comment_removed", "/watch/5", ok(bare("Bees at dawn", `<h1>Bees at dawn</h1><div id="player" data-src="/5.m3u8"></div><script src="/p.js"></script><div class="comment">This comment has been removed by a moderator.</div><div class="comment">so calm</div>`)), noSuchFile),
		at("note_that_one_file_was_removed", "/drive/folders/1", ok(bare("Regatta - Files", `<h1>Regatta</h1><ul><li><a href="/f/1">one.jpg</a> 2 MB</li><li><a href="/f/2">two.jpg</a> 3 MB</li><li>three.jpg <i>this file has been removed</i></li></ul>`)), noSuchFile),
		at("letter_of_a_web_master", "/bye.html", ok(bare("The end", "<h1>The end</h1><p>This page will be removed in March. Until then you find all songs below.</p><ul><li><a href=\"1.mp3\">Tide</a></li><li><a href=\"2.mp3\">Fog</a></li></ul>")), noSuchFile),
		at("joke_page_of_an_error", "/fun/404.html", ok(bare("404", `<h1>404</h1><p>Page not found? It is right here: <img src="here.gif"></p>`)), noSuchFile),
		at("shop_whose_product_is_back_soon", "/p/kettle", ok(bare("Copper kettle - Pan Shop", `<h1>Copper kettle</h1><img src="/k.jpg"><p>Temporarily unavailable. We'll be back soon with more.</p><p>22 cm, 1.5 l</p><button>Notify me</button>`)), noSuchFile),
	}
}

func againSites() []Specimen {
	frame := func(title, main string) string {
		return bare(title+" - Nettle", `<div class="nav"><a href="/">Nettle</a><form action="/auth/login" method="post"><input name="login" placeholder="Username"><input type="password" name="password"><button>Sign in</button></form></div>`+main+`<footer><a href="/tos">Terms</a></footer>`)
	}
	gone := ok(frame("Error", "<h1>Error</h1><p>The requested gallery could not be found or is private.</p>"))
	return []Specimen{
		still("gallery_beside_a_login_box", hosted(ok(frame("Regatta", `<h1>Regatta</h1><a href="/i/1"><img src="/t/1.jpg"></a><a href="/i/2"><img src="/t/2.jpg"></a>`)), ok(frame("Nettle", "")), gone)).at("/g/1"),
		still("clip_beside_a_login_box", hosted(ok(frame("Bees", `<h1>Bees</h1><div id="jw"></div><script>setup({file:"/b.mp4"})</script>`)), ok(frame("Nettle", "")), gone)).at("/g/2"),
		still("text_beside_a_login_box", hosted(ok(frame("Bees", `<h1>Bees</h1><p>They came on Sunday and stayed. Nobody knows why, and the hive hums at night.</p>`)), ok(frame("Nettle", "")), says(404, frame("Error", "<h1>404</h1>")))).at("/g/3"),
		still("site_in_frames_for_every_path", everywhere(ok(`<html><head><title>Ropes</title></head><frameset rows="80,*"><frame src="/top.html"><frame src="/main.html"></frameset></html>`))).at("/"),
		still("front_of_a_forwarding_frame", hosted(ok(`<html><head><title>ropes.test</title></head><body style="margin:0"><iframe src="http://home.isp.test/~emil/ropes/" width="100%" height="100%" frameborder="0"></iframe></body></html>`), ok(""), noSuchFile)).at("/emil/"),
		still("one_word_page", hosted(ok("soon"), ok("soon"), noSuchFile)).at("/x"),
		still("front_page_of_one_line_for_every_path", everywhere(ok(bare("emil", "<p>emil, ropes, 1971</p>")))).at("/"),
		still("huge_style_before_a_gallery", hosted(ok("<html><head><title>Ropes</title><style>"+strings.Repeat("a{b:c}", 120_000)+`</style></head><body><img src="/1.jpg"><img src="/2.jpg"></body></html>`), ok(""), ok(bare("Ropes", "<p>nothing</p>")))).at("/r"),
		still("huge_script_before_a_text", hosted(ok("<html><head><title>Ropes</title></head><body><script>var d=\""+strings.Repeat("abcdef", 120_000)+`"</script><p>Rope, twine, cord.</p></body></html>`), ok(""), noSuchFile)).at("/s"),
		still("archive_of_a_page_that_was_gone", hosted(ok(bare("Archived: 404 Not Found", `<div id="wm"><a href="/">Page barn</a> Saved 12 times between 2011 and 2026</div><h1>Ropewalk</h1><p>Opened in 1820, closed in 1990.</p><img src="/im/rope.jpg">`)), ok(""), noSuchFile)).at("/web/2011/ropewalk"),
	}
}

func againPauses() []Specimen {
	all := func(name string, status int, title, main string) Specimen {
		return turned(name, everywhere(says(status, bare(title, main))))
	}
	return []Specimen{
		all("pause_in_swedish", 200, "Underhåll", "<h1>Underhåll pågår</h1><p>Sidan är snart tillbaka.</p>"),
		all("pause_in_korean", 200, "점검 중", "<h1>서비스 점검 중입니다</h1><p>잠시 후 다시 이용해 주세요.</p>"),
		all("pause_in_chinese", 200, "系统维护", "<h1>系统维护中</h1><p>请稍后再试。</p>"),
		all("pause_in_turkish", 503, "Bakım", "<h1>Bakım çalışması</h1>"),
		all("pause_with_a_picture", 200, "Back soon", `<img src="/robot.png"><h1>Be right back</h1><p>Our engineers are on it.</p>`),
		all("quota_of_a_free_plan", 503, "Usage exceeded", "<h1>This app has used its quota for the day</h1><p>It comes back at midnight.</p>"),
		all("error_of_a_function", 500, "", "A server error has occurred FUNCTION_INVOCATION_FAILED"),
		all("waiting_for_a_wake_up_200", 200, "Waking up", `<h1>Service waking up</h1><p>Allocating compute resources. Preparing instance for initialization.</p>`),
	}
}
