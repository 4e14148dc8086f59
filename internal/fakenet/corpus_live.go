package fakenet

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"vigil/casefile"
)

var seenLive = []casefile.Reason{casefile.ReasonServed, casefile.ReasonMatchesBaseline}

// varying is a page that is made anew for each request; all else on the server is a bare 404.
func varying(page func(number int) string) Behaviour {
	return pages(func(r *Request) reply { return says(http.StatusOK, page(int(r.Number))) }, fixed(bare404))
}

// content is a page with the matter, that never changes.
func content(s skin, seed int) Behaviour {
	title, main := tale(seed, 14)
	return placed(says(http.StatusOK, s.page(title, main)))
}

// liveKinds are pages that are there and look as if they were not, or as if they were others.
func liveKinds() []kind {
	live := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateLive, reasons: seenLive, members: members}
	}
	return []kind{
		live("dynamic", HalfTune, dynamic()...),
		live("revised", HalfHold, revisions()...),
		live("quotes_absence_at_length", HalfTune, longQuotes()...),
		live("quotes_absence_in_short", HalfHold, shortQuotes()...),
		live("quotes_absence_in_notes", HalfTune, notes()...),
		live("tiny", HalfTune, tiny()...),
		live("theme_with_soft_404", HalfTune, themes()...),
		live("barrier_beside", HalfHold, beside()...),
		live("built_or_framed", HalfTune, built()...),
		live("wrong_status", HalfHold, wrongStatus()...),
	}
}

func dynamic() []Specimen {
	title, main := tale(11, 16)
	return []Specimen{
		still("rotating_advertisements", varying(func(n int) string {
			ad := strings.Join(prose(40+n, 2), " ")
			return news.page(title, main+`<div class="ad"><img src="/ad/`+strconv.Itoa(n)+`.gif" alt=""><p>`+ad+`</p></div>`+strings.Repeat(`<ins class="slot"></ins>`, n%4))
		})),
		still("clock_and_weather", varying(func(n int) string {
			return news.page(title, fmt.Sprintf(`<p>It is %02d:%02d on the quay, %d degrees, wind %d.</p>`, 8+n, 11*n%60, 9+n, 3*n)+main)
		})),
		still("counter_in_the_title", varying(func(n int) string {
			return gallery.page(fmt.Sprintf("(%d) %s", 311+7*n, title), fmt.Sprintf("<p>%d views, %d likes</p>", 9000+131*n, 40+n)+pictures(11, 8))
		})),
		still("tokens_in_forms", varying(func(n int) string {
			return forum.page(title, main+fmt.Sprintf(`<form action="/reply"><input type="hidden" name="token" value="%x"><textarea></textarea></form><script nonce="%x">var t=%d</script>`, n*7919, n*104729, n))
		})),
		still("shuffled_list", varying(func(n int) string {
			var b strings.Builder
			for i := range 20 {
				seed := (i*7 + n*3) % 20
				b.WriteString("<li><a href=\"/s/" + strconv.Itoa(seed) + "\">" + prose(seed, 1)[0] + "</a></li>")
			}
			return shop.page("Everything we sell", "<h1>Everything we sell</h1><ul>"+b.String()+"</ul>")
		})),
		still("comments_growing", varying(func(n int) string { return blog.page(title, main+thread(3, 2+2*n)) })),
		still("related_items_change", varying(func(n int) string {
			related := menu("related", prose(50+n, 6)...)
			return shop.page(title, "<h1>"+title+"</h1><img src=\"/p/kettle.jpg\" alt=\"\">"+paragraphs(prose(12, 6))+related)
		})),
		still("random_quotation", varying(func(n int) string {
			return plain.page("A small home page", "<p>"+prose(70+n, 1)[0]+"</p>"+paragraphs(prose(21, 5))+`<img src="/me.jpg" alt="">`)
		})),
	}
}

func revisions() []Specimen {
	title, main := tale(15, 14)
	show := func(s skin, title, main string) Behaviour { return placed(says(http.StatusOK, s.page(title, main))) }
	corrected := strings.Replace(main, "Nobody", "Correction of yesterday: nobody", 1)
	return []Specimen{
		revised("one_image_of_a_gallery_replaced", show(gallery, title, pictures(4, 12)), show(gallery, title, strings.Replace(pictures(4, 12), "403.jpg", "977.jpg", 1))),
		revised("two_images_taken_off", show(gallery, title, pictures(4, 12)), show(gallery, title, pictures(4, 10))),
		revised("article_corrected", show(news, title, main), show(news, title, corrected+"<p>This article was updated.</p>")),
		revised("article_renamed", show(blog, title, main), show(blog, "Read again: "+title, main)),
		revised("thread_with_many_replies", show(forum, title, thread(5, 6)), show(forum, title, thread(5, 11))),
		revised("another_layout", show(shop, title, "<h1>"+title+"</h1><div class=\"a\">"+paragraphs(prose(9, 14))+"</div>"),
			show(shop, title, "<section><header><h2>"+title+"</h2></header><div><div><article>"+paragraphs(prose(9, 14))+"</article></div></div><script>ab()</script></section>")),
		revised("another_theme", show(blog, title, main), show(news, title, main)),
		revised("price_and_stock", show(shop, title, main+"<p>Price: 40.00. In stock.</p>"), show(shop, title, main+"<p>Price: 35.50. Sold out.</p>")),
		revised("moved_to_https_in_place", content(blog, 15), content(blog, 15)).secure(),
	}
}

// longQuotes talk about absence and have a matter of their own.
func longQuotes() []Specimen {
	article := func(s skin, name, title, lead string, seed int) Specimen {
		return still(name, placed(says(http.StatusOK, s.page(title, "<h1>"+title+"</h1><p>"+lead+"</p>"+paragraphs(prose(seed, 18))))))
	}
	return []Specimen{
		article(news, "news_of_a_seizure", "Police take over three web shops", "Visitors now read that this domain has been seized by law enforcement. The banner says that this website has been seized under a warrant.", 33),
		article(forum, "forum_rules", "Rules of the board", "What breaks them goes: you then see that this content has been removed for violating our terms of service, and the file was deleted by a moderator.", 31),
		article(blog, "how_to_style_a_404_page", "A friendlier page not found", "Most servers just say 404 Not Found: the page you are looking for could not be found. Error 404 can be a place to help.", 36),
		article(shop, "domains_explained", "What a parked name is", "A name that says this domain is for sale is parked. The text \"buy this domain\" pays by the click, also when the domain has expired.", 38),
		article(plain, "faq_of_a_hosting_company", "Questions about bills", "If you read \"this account has been suspended\" on your site, pay the last bill. Account suspended pages go away within the hour.", 32),
		article(forum, "help_with_a_challenge", "Endless loop of checks", "I only ever see checking your browser, then verify you are human, and then just a moment again. Please complete the security check, it says.", 35),
	}
}

// notes quote words of absence on little room.
func notes() []Specimen {
	note := func(s skin, name, title, body string) Specimen {
		return still(name, placed(says(http.StatusOK, s.page(title, "<h1>"+title+"</h1><p>"+body+"</p>"))))
	}
	return []Specimen{
		note(plain, "obituary_of_a_shop", "Goodbye to the corner shop", "Where its catalogue was one now reads that this domain has expired. We keep its last price list here: kettles 12, pans 20, ladles 3. Thanks for forty years of copper, for the stories, and for the tea at closing time."),
		note(blog, "complaint_about_a_takedown", "My picture of the mill", "They wrote: this content has been removed for violating our terms. So the mill moves here, in full size. It was taken at dawn from the ferry, and the only thing it violates is the silence of the heron in the reeds."),
		note(plain, "list_of_phrases", "Words on closed doors", "Account suspended. Page not found. This domain is for sale. I collect them as others collect stamps; each has a date and a place in the book. The book is open to visitors on Sundays after the choir has sung."),
	}
}

// shortQuotes do so as well, beside a true 404 for what is missing.
func shortQuotes() []Specimen {
	note := func(s skin, name, title, body string) Specimen {
		return still(name, placed(says(http.StatusOK, s.page(title, "<h1>"+title+"</h1><p>"+body+"</p>"))))
	}
	return []Specimen{
		note(plain, "short_news_of_a_takedown", "Two shops closed", "On Tuesday two web shops went dark. In their place one reads that the domain has been seized. Police of three countries took part; the owners of the kettles they sold will get their money back within a month, says the harbour office."),
		note(plain, "bug_report", "Ticket 88: export fails", "Steps: open the board, press export, wait. Expected: a file. Seen: \"file not found\" in the log, and an empty folder. It happens on the second run only. Attached is the track plan that I used, and the version of the tool."),
		note(plain, "price_of_a_name", "Kettle names", "I own several names. This domain is for sale together with two others, write me a letter; until then it holds my notes on copper kettles, how to mend them and where to find tin. The notes are in three parts, with drawings."),
		note(blog, "diary_of_a_suspended_member", "A quiet week", "My account has been suspended on the bird board, for one heron too many. So here are this week's sightings: a juvenile falcon, two terns and a warbler that mimics my bicycle bell. The hide is closed until the water falls."),
		note(forum, "short_question", "Lost picture", "The page says image not found for the second picture of the viaduct. The first and third show well. Who has the second one still, in any size? I would like to print all three for the club room before the winter meeting."),
		note(gallery, "album_note", "Summer album", "Some pictures have been removed at the wish of a friend. The others stay: boats, the quay, the choir on its day out, and the ferry in fog. </p>"+pictures(6, 2)+"<p>Prints on request."),
	}
}

func tiny() []Specimen {
	bare := func(name, title, main string) Specimen {
		return still(name, placed(says(http.StatusOK, "<html><head><title>"+title+"</title></head><body>"+main+"</body></html>")))
	}
	return []Specimen{
		bare("one_sentence", "Note", "<p>The key is under the blue pot.</p>"),
		bare("one_word", "", "Hello"),
		bare("one_image", "ferry.jpg", `<img src="/i/ferry.jpg">`),
		bare("one_image_with_script", "ferry.jpg", `<img src="/i/ferry.jpg"><script src="/zoom.js"></script>`),
		bare("one_video", "clip", `<video src="/v/choir.mp4" controls></video>`),
		bare("one_link", "Link", `<a href="/files/plan.zip">plan.zip</a>`),
		bare("one_frame", "Map", `<iframe src="/map/embed"></iframe>`),
		bare("one_form", "Vote", `<form action="/vote"><button name="v" value="1">Tea</button><button name="v" value="2">Coffee</button></form>`),
	}
}

// themes are pages on servers that answer 200 for what is missing, in the same dress.
func themes() []Specimen {
	soft := func(s skin, missing string) func(*Request) reply {
		return fixed(says(http.StatusOK, s.page("Nothing here", missing)))
	}
	page := func(s skin, seed, sentences int, more string) func(*Request) reply {
		title, main := tale(seed, sentences)
		return fixed(says(http.StatusOK, s.page(title, main+more)))
	}
	return []Specimen{
		still("blog_post_of_a_soft_404_blog", pages(page(blog, 14, 12, ""), soft(blog, "<h1>Nothing here</h1><p>It looks like nothing was found at this location. Maybe try a search?</p>"))),
		still("short_post_of_a_soft_404_blog", pages(page(blog, 16, 3, ""), soft(blog, "<h1>Nothing here</h1><p>It looks like nothing was found at this location. Maybe try a search?</p>"))),
		still("thread_of_a_soft_404_forum", pages(page(forum, 17, 4, thread(8, 4)), soft(forum, "<p>The requested topic does not exist.</p>"))),
		still("album_of_a_soft_404_gallery", pages(page(gallery, 18, 1, pictures(7, 6)), soft(gallery, "<p>Image not found.</p><img src=\"/sad.png\" alt=\"\">"))),
		still("file_of_a_soft_404_file_host", pages(page(fileHost, 19, 1, `<p>Size: 12.4 MB</p><a href="/get/1">Download now</a>`), soft(fileHost, "<h1>File not found</h1><p>It may have been deleted by its owner.</p>"))),
		still("product_of_a_shop_that_shows_its_catalogue", pages(page(shop, 20, 5, `<img src="/p/pan.jpg" alt="">`), soft(shop, "<h1>Our catalogue</h1>"+pictures(3, 12)))),
		still("video_wrapped_by_its_name", server(func(r *Request) reply {
			return says(http.StatusOK, "<html><head><title>player</title></head><body><video src=\"/v"+r.URL.Path+".mp4\"></video><p>Press play to watch.</p></body></html>")
		})),
		still("picture_wrapped_by_its_name", server(func(r *Request) reply {
			return says(http.StatusOK, gallery.page("Picture", "<img src=\"/raw"+r.URL.Path+"\" alt=\"\"><p>Link to share: "+r.URL.Path+"</p>"))
		})),
	}
}

// beside are pages that hold their matter beside a barrier.
func beside() []Specimen {
	title, main := tale(22, 14)
	with := func(s skin, before, after string) Behaviour {
		return placed(says(http.StatusOK, s.page(title, before+main+after)))
	}
	login := `<form action="/login" method="post"><input name="user"><input type="password" name="pass"><button>Log in</button></form>`
	return []Specimen{
		still("login_box_in_the_header", with(forum, login, "")),
		still("cookie_banner", with(news, "", `<div class="cc"><p>We use cookies. Please accept cookies to continue.</p><button>Accept all</button><button>Settings</button></div>`)),
		still("age_overlay", with(gallery, `<div class="overlay"><p>Age verification. You must be 18 years or older to enter.</p><button>I am over 18</button></div>`, pictures(5, 8))),
		still("paywall_below_the_teaser", with(news, "", `<div class="wall"><p>Subscribe to continue reading. Only for premium members.</p></div>`)),
		still("gallery_with_a_login_box", placed(says(http.StatusOK, gallery.page(title, login+pictures(9, 10))))),
		still("invisible_captcha", with(shop, "", `<script src="/captcha/api.js"></script><div class="badge">Protected by a check that you are not a robot.</div>`)),
		still("link_box_on_a_file_page", placed(says(http.StatusOK, fileHost.page("plan.zip", `<h1>plan.zip</h1><p>12.4 MB. Premium members wait less: upgrade to premium.</p><a href="/get/77">Slow download</a><a href="/premium">Fast download</a>`)))),
	}
}

// built are pages of scripts, frames and refreshes that hold their matter all the same.
func built() []Specimen {
	title, main := tale(25, 12)
	return []Specimen{
		still("application_rendered_on_the_server", placed(says(http.StatusOK, social.page(title, `<div id="root">`+main+`</div><script id="state" type="application/json">{"page":7}</script>`)))),
		still("noscript_hint", placed(says(http.StatusOK, social.page(title, `<noscript>You need to enable JavaScript to run this app.</noscript>`+main)))),
		still("reloads_itself", placed(says(http.StatusOK, `<html><head><title>Scores</title><meta http-equiv="refresh" content="4; url=/live/scores.html"></head><body>`+main+`</body></html>`))).at("/live/scores.html"),
		still("short_page_that_reloads_itself", placed(says(http.StatusOK, `<html><head><title>Webcam</title><meta http-equiv="refresh" content="5; url="></head><body><h1>The quay, now</h1><img src="/cam.jpg"></body></html>`))),
		still("frameset", placed(says(http.StatusOK, `<html><head><title>Old album</title></head><frameset cols="20%,80%"><frame src="/menu.html"><frame src="/album.html"></frameset></html>`))),
		still("player_in_a_frame", placed(says(http.StatusOK, social.page(title, `<iframe src="https://player.example/v/7" allowfullscreen></iframe><p>Choir on its day out</p>`)))),
		still("images_loaded_late", placed(says(http.StatusOK, gallery.page(title, strings.ReplaceAll(pictures(12, 9), "src=", "loading=\"lazy\" data-src="))))),
	}
}

// wrongStatus send the matter under a status that denies it. Only who knows the page can tell.
func wrongStatus() []Specimen {
	title, main := tale(27, 14)
	page := blog.page(title, main)
	var out []Specimen
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusInternalServerError, http.StatusGone, http.StatusServiceUnavailable} {
		out = append(out, revised("content_with_status_"+strconv.Itoa(status), placed(says(http.StatusOK, page)), placed(says(status, page))))
	}
	title, main = tale(28, 12)
	changing := func(status int) Behaviour {
		return pages(func(r *Request) reply {
			return says(status, news.page(title, main+fmt.Sprintf("<p>%d readers</p>", 100+r.Number)+paragraphs(prose(60+int(r.Number), 1))))
		}, fixed(bare404))
	}
	return append(out, revised("dynamic_content_with_status_404", changing(http.StatusOK), changing(http.StatusNotFound)))
}
