package fakenet

import (
	"fmt"
	"net/http"
	"strings"

	"vigil/casefile"
)

// unseenLive are live pages that were written before anybody looked at how the rules take them.
func unseenLive() []kind {
	live := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateLive, reasons: seenLive, members: members}
	}
	return []kind{
		live("unseen_pages_of_pictures", HalfHold, unseenPictures()...),
		live("unseen_boards", HalfTune, unseenBoards()...),
		live("unseen_words_of_absence", HalfHold, unseenWords()...),
		live("unseen_statuses", HalfTune, unseenStatuses()...),
		live("unseen_files", HalfTune, unseenFiles()...),
		live("unseen_charsets", HalfHold, unseenCharsets()...),
		live("unseen_ways", HalfTune, unseenWays()...),
		live("unseen_transports", HalfHold, unseenTransports()...),
		live("unseen_hosts", HalfTune, unseenHosts()...),
		live("unseen_second_looks", HalfHold, unseenSecondLooks()...),
		live("unseen_tongues", HalfTune, unseenTongues()...),
	}
}

func unseenPictures() []Specimen {
	links := func(n int) string {
		var b strings.Builder
		for i := range n {
			t := topics[i%len(topics)]
			fmt.Fprintf(&b, `<li><a href="http://out.test/%d" rel="nofollow">%s %s</a></li>`, i, t.traits[i%6], t.things[i%12])
		}
		return "<ul>" + b.String() + "</ul>"
	}
	thumbs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `<a href="pics/%02d.jpg"><img src="pics/t%02d.jpg" width=120 border=0></a>`, i, i)
		}
		return b.String()
	}
	share := `<h2>Share</h2><label>Direct link</label><input readonly value="http://i.pixbarn.test/x.jpg"><label>Thumbnail for forums</label><input readonly><label>Hotlink for websites</label><input readonly><p>Upload images for free. No registration needed. Max 30 MB.</p><a href="/upload">Upload another</a><a href="/report">Report image</a><a href="/register">Register</a>`
	host1 := func(img string) string {
		return bare("Pixbarn - free image hosting", `<div id="hd"><a href="/"><img src="/i/logo.gif"></a></div><div id="ad1"></div><center><img id="pic" src="`+img+`" onload="fit(this)"></center>`+share+`<script src="/j/fit.js"></script>`)
	}
	file := func(main string) string {
		return bare("Hold Baggage", `<div class="h"><a href="/">Hold Baggage</a> <a href="/premium">Premium</a> <a href="/login">Login</a> <a href="/register">Register</a></div>`+main+`<div class="f">Files that nobody downloads for 30 days are deleted. <a href="/abuse">Report abuse</a> <a href="/dmca">DMCA</a></div>`)
	}
	return []Specimen{
		still("clip_with_its_player", hosted(ok(tube("Boats in rain", player(4711, "Boats in rain"), 4)), tubeHome, tubeNone404)).at("/v/4711"),
		still("clip_of_a_site_that_says_200", hosted(ok(tube("Boats in rain", player(4712, "Boats in rain"), 5)), tubeHome, tubeNone200)).at("/v/4712"),
		still("clip_of_a_site_that_shows_its_front_for_all", hosted(ok(tube("Boats in rain", player(4713, "Boats in rain"), 2)), tubeHome, tubeHome)).at("/v/4713"),
		still("clip_that_is_called_unavailable", hosted(ok(tube("Video unavailable", player(4714, "Video unavailable"), 8)), tubeHome, tubeNone200)).at("/v/4714"),
		still("clip_page_whose_wall_moves", hostAnew(tubeHome, tubeNone200, func(n int) string { return tube("Ferry", player(4715, "Ferry"), 3*n) })).at("/v/4715"),
		still("gallery_of_thumbs_only", hosted(ok(bare("", thumbs(16)+`<br><a href="http://out.test/join">FULL SET HERE</a>`)), ok(bare("", "")), noSuchFile)).at("/g/0077/index.html"),
		still("list_of_galleries_that_looks_parked", hosted(ok(bare("Free boats, boat pics, boat links", `<h1>Free boats</h1><p>Related searches: boats, cheap boats, boat pics</p>`+links(60)+`<center>Trade traffic | Webmasters | Buy this spot</center>`)), ok(bare("", "")), noSuchFile)).at("/boats.html"),
		still("picture_in_the_template_of_its_host", hosted(ok(host1("http://i.pixbarn.test/2/f00.jpg")), ok(host1("/i/front.jpg")), ok(host1("/i/404.gif")))).at("/img-f00.html"),
		still("picture_alone_in_a_page", hosted(ok(`<html style="height:100%"><head><meta name="viewport" content="width=device-width"><title>f00.jpg (1600×1200)</title></head><body style="margin:0"><img src="http://i.pixbarn.test/f00.jpg"></body></html>`), ok(host1("/i/front.jpg")), says(404, ""))).at("/f00"),
		still("file_with_countdown", hosted(ok(file(`<h2>choir-2019.rar</h2><p>Size: 312.7 MB</p><table><tr><th></th><th>Free</th><th>Premium</th></tr><tr><td>Speed</td><td>50 KB/s</td><td>Maximum</td></tr><tr><td>Wait</td><td>60 s</td><td>none</td></tr></table><form method="post"><input type="hidden" name="op" value="download1"><input type="submit" value="Free Download"></form>`)),
			ok(file("<h1>Upload files</h1>")), ok(file(`<h2>File Not Found</h2><p>The file you were looking for could not be found, sorry for any inconvenience.</p><ul><li>The file expired</li><li>The file was deleted by its owner</li><li>The file was deleted by administration because it failed to comply with our Terms of Use</li></ul>`)))).at("/q7w8e9r0t1y2"),
		still("album_with_two_pictures_taken_off", hosted(ok(bare("Regatta | Pixbarn", `<h1>Regatta</h1><p>by anna</p>`+thumbs(9)+`<div class="ph">This image has been removed</div><div class="ph">This image has been removed</div><p>2 comments</p>`)), ok(host1("/i/front.jpg")), noSuchFile)).at("/a/regatta"),
		still("age_notice_over_a_gallery", hosted(ok(bare("Regatta", `<div id="agegate" class="modal"><h2>Adults only</h2><p>This site contains age-restricted material. You must be at least 18 years of age to enter.</p><button>Enter</button><a href="http://out.test">Leave</a></div><div id="content">`+thumbs(14)+`</div>`)), ok(bare("", "")), noSuchFile)).at("/set/12"),
		still("for_sale_banner_over_a_live_page", hosted(ok(bare("Knots of the week", `<div style="background:#ff0"><a href="http://sale.test">This domain is for sale! Make an offer</a></div><h1>Knots of the week</h1>`+paragraphs(prose(4, 8))+`<img src="/bowline.png">`)), ok(bare("Knots", "<h1>Knots</h1>")), noSuchFile)).at("/week.html"),
	}
}

func unseenBoards() []Specimen {
	removed := `<em>This post has been removed by a moderator for breaking the rules of the board.</em>`
	op := `Here are the pictures of the swarm, taken on Sunday:<br><img src="attachment.php?id=1"><br><img src="attachment.php?id=2">`
	chan1 := func(main string) string {
		return bare("/bee/ - Bees - Hive", `<div class="boardlist">[a / bee / c / g]</div><div class="boardBanner">/bee/ - Bees</div><form name="post" action="/bee/post" enctype="multipart/form-data"><input name="name"><textarea name="com"></textarea><input type="file"></form><hr>`+main+`<hr><div class="boardlist">[a / bee / c / g]</div>`)
	}
	discussion := func(main string) string {
		return `<!doctype html><html><head><title>Swarm in the chimney : bees</title><link rel="stylesheet" href="/s/old.css"></head><body><div id="header"><a href="/r/bees">bees</a> <span class="user">Want to join? <a href="/login">Log in</a> or <a href="/register">sign up</a> in seconds.</span></div><div class="content">` + main + `</div><div class="footer">Use of this site constitutes acceptance of our User Agreement.</div></body></html>`
	}
	return []Specimen{
		still("thread_with_one_post_removed", hosted(ok(board("Swarm in May - Beekeepers' Corner", post(1, "anna", op)+post(2, "bert", removed)+post(3, "carla", "Lovely. Is it the old hive?"))), ok(board("Beekeepers' Corner", "<h1>Boards</h1>")), boardNone)).at("/showthread.php?t=4411"),
		still("thread_of_a_post_and_a_removal", hosted(ok(board("Swarm - Beekeepers' Corner", post(1, "anna", `<img src="attachment.php?id=7">`)+post(2, "bert", removed))), ok(board("Beekeepers' Corner", "<h1>Boards</h1>")), boardNone)).at("/showthread.php?t=4412"),
		still("thread_with_the_first_post_removed", hosted(ok(board("Swarm - Beekeepers' Corner", post(1, "anna", removed)+post(2, "bert", "I saved them, here again: "+op)+post(3, "carla", "thanks")+post(4, "dora", "and the fourth one <img src=\"attachment.php?id=9\">"))), ok(board("Beekeepers' Corner", "<h1>Boards</h1>")), boardNone)).at("/showthread.php?t=4413"),
		still("thread_about_not_found", hosted(ok(board("404 not found when I upload - Beekeepers' Corner", post(1, "emil", "When I upload it says: 404 Not Found, the page you requested could not be found. Why?")+post(2, "anna", "Same for me since Monday."))), ok(board("Beekeepers' Corner", "<h1>Boards</h1>")), noSuchFile)).at("/showthread.php?t=4414"),
		still("closed_thread", hosted(ok(board("Swarm - Beekeepers' Corner", `<div class="notice">This thread has been closed by a moderator. You may not post replies.</div>`+post(1, "anna", op))), ok(board("Beekeepers' Corner", "<h1>Boards</h1>")), boardNone)).at("/showthread.php?t=4415"),
		still("imageboard_with_a_file_deleted", hosted(ok(chan1(`<div class="thread"><div class="opContainer"><a href="/bee/src/1.jpg"><img src="/bee/thumb/1s.jpg"></a><blockquote>swarm thread</blockquote></div><div class="post reply"><img src="/static/filedeleted.gif" alt="File deleted."><blockquote>mine</blockquote></div><div class="post reply"><a href="/bee/src/3.png"><img src="/bee/thumb/3s.png"></a></div></div>`)), ok(chan1("")), says(http.StatusNotFound, bare("404 - Hive", "<h1>404 Not Found</h1><img src=\"/static/404/3.jpg\">")))).at("/bee/res/811.html"),
		still("imageboard_thread_of_one_picture", hosted(ok(chan1(`<div class="thread"><a href="/bee/src/9.jpg"><img src="/bee/thumb/9s.jpg"></a><blockquote></blockquote></div>`)), ok(chan1("")), ok(chan1(`<div class="err">Thread specified does not exist.</div>`)))).at("/bee/res/812.html"),
		still("removed_text_and_the_comments_stay", hosted(ok(discussion(`<h1>Swarm in the chimney</h1><p>[removed]</p><div class="comment">The second picture shows a queen.</div><div class="comment">[deleted]</div><div class="comment">mirror: <a href="http://i.pixbarn.test/a.jpg">one</a> <a href="http://i.pixbarn.test/b.jpg">two</a></div><div class="comment">Call the fire brigade, they come for free.</div>`)), ok(discussion("<h1>bees</h1>")), says(http.StatusNotFound, discussion("<h1>page not found</h1><p>the page you requested does not exist</p>")))).at("/r/bees/comments/x1y2/"),
		still("paste_of_a_log_of_errors", hosted(ok(bare("Untitled - Clipboard barn", `<a href="/">new paste</a> <a href="/login">login</a> <a href="/signup">sign up</a><h1>Untitled</h1><p>a guest, 132 views, expires: never</p><pre>GET /old.html 404 Not Found
GET /bee.jpg 410 Gone
account suspended
this page does not exist
</pre><textarea>raw</textarea>`)), ok(bare("Clipboard barn", "<form></form>")), says(http.StatusNotFound, bare("Clipboard barn", "<h1>Not Found (#404)</h1><p>This paste has been deleted, expired or is private.</p>")))).at("/Xk2pQ9aa"),
		still("post_beside_a_login_prompt", hosted(ok(bare("anna on Chirrup: the swarm", `<div id="app"><div class="modal"><h2>See more from anna</h2><p>Log in or create an account to continue.</p><form><input name="email"><input type="password" name="pass"><button>Log in</button></form></div><article><img src="/media/1.jpg"><p>the swarm, finally caught</p><span>31 likes</span></article></div>`)), ok(bare("Chirrup", "<div id=app></div>")), ok(bare("Chirrup", `<div id="app"><h2>Sorry, this page isn't available.</h2><p>The link you followed may be broken, or the page may have been removed.</p></div>`)))).at("/p/Bx91"),
	}
}
