package fakenet

import (
	"net/http"
	"strconv"

	"vigil/casefile"
)

var (
	missing404 = []casefile.Reason{casefile.ReasonHTTP404}
	missing410 = []casefile.Reason{casefile.ReasonHTTP410}
	soft404    = []casefile.Reason{casefile.ReasonSoft404}
	takenDown  = []casefile.Reason{casefile.ReasonTakedownPage, casefile.ReasonSoft404}
)

// dead is a kind with the label gone.
func dead(name string, half Half, reasons []casefile.Reason, members ...Specimen) kind {
	return kind{name: name, half: half, state: casefile.StateGone, reasons: reasons, members: members}
}

// goneKinds are pages that were taken away on a site that goes on.
func goneKinds() []kind {
	return []kind{
		dead("true_404", HalfTune, missing404, append(true404(), inTongues("true_404_", http.StatusNotFound, "de", "es", "pl", "ja", "cs", "ru")...)...),
		dead("true_404_in_dress", HalfHold, missing404, append(dressed404(), inTongues("dressed_404_", http.StatusNotFound, "fr", "nl", "it", "pt", "sv", "tr")...)...),
		dead("soft_404", HalfTune, soft404, append(soft404s(), inTongues("soft_404_", http.StatusOK, "de", "fr", "it", "pl", "ru", "da", "zh", "fi", "ar")...)...),
		dead("soft_404_in_tongues", HalfHold, soft404, inTongues("soft_404_", http.StatusOK, "es", "nl", "pt", "sv", "tr", "ja", "cs", "uk", "el", "ro", "hu")...),
		dead("soft_404_without_words", HalfTune, soft404, wordless()...),
		dead("placeholder_for_every_file", HalfHold, soft404, placeholders()...),
		dead("takedown", HalfTune, takenDown, takedowns()...),
		dead("file_host_removed", HalfHold, takenDown, fileHosts()...),
		dead("deleted_by_its_user", HalfTune, takenDown, userDeleted()...),
		dead("emptied", HalfTune, []casefile.Reason{casefile.ReasonTakedownPage, casefile.ReasonSoft404, casefile.ReasonContentDiffers}, emptied()...),
		dead("sent_away", HalfHold, []casefile.Reason{casefile.ReasonRedirectedHome, casefile.ReasonSoft404}, sentAway()...),
	}
}

// absent is a server that answers the reported path and all missing ones alike.
func absent(p reply) Behaviour { return pages(fixed(p), fixed(p)) }

func true404() []Specimen {
	return []Specimen{
		turned("bare_404", absent(bare404)),
		turned("bare_410", absent(says(http.StatusGone, plain.page("410 Gone", "<h1>Gone</h1><p>The requested resource is no longer available.</p>")))).means(missing410...),
		turned("empty_404", absent(says(http.StatusNotFound, ""))),
		turned("json_404", absent(reply{status: http.StatusNotFound, body: `{"code":404,"message":"no such album"}`}.with("Content-Type", "application/json"))),
		turned("file_404", absent(bare404)).from(placed(file("image/jpeg", jpegMagic, 20, 40_000))).at("/i/ferry.jpg"),
		turned("gone_410_for_the_page_only", pages(fixed(says(http.StatusGone, blog.page("Removed", "<p>This post was taken back.</p>"))), fixed(bare404))).means(missing410...),
	}
}

func dressed404() []Specimen {
	return []Specimen{
		turned("with_a_login_box", absent(says(http.StatusNotFound, forum.page("Not here", `<form><input name="user"><input type="password"></form><p>There is no such topic.</p>`)))),
		turned("with_related_items", absent(says(http.StatusNotFound, shop.page("Oops", "<h1>Oops</h1><p>We do not sell this any more. Others liked:</p>"+pictures(3, 12)+menu("hits", prose(9, 20)...))))),
		turned("with_a_picture", absent(says(http.StatusNotFound, gallery.page("404", `<img src="/404.png" alt="lost"><img src="/404b.png" alt="">`)))),
		turned("with_long_prose", absent(says(http.StatusNotFound, news.page("Not in the archive", paragraphs(prose(8, 50)))))),
		turned("built_in_the_browser", absent(says(http.StatusNotFound, `<html><head><title></title></head><body><div id="root"></div><script src="/app.js"></script></body></html>`))),
		turned("with_a_picture_for_a_picture", absent(reply{status: http.StatusNotFound, body: pngMagic + noise(3, 900)}.with("Content-Type", "image/png"))).from(placed(file("image/jpeg", jpegMagic, 21, 40_000))).at("/i/quay.jpg"),
	}
}

func soft404s() []Specimen {
	soft := func(name string, s skin, title, main string) Specimen {
		return turned(name, absent(says(http.StatusOK, s.page(title, main))))
	}
	return []Specimen{
		soft("blog_nothing_found", blog, "Nothing here", "<h1>That page can’t be found.</h1><p>It looks like nothing was found at this location. Maybe try a search?</p>"),
		soft("forum_no_topic", forum, "Information", `<div class="panel"><h2>Information</h2><p>The requested topic does not exist.</p></div>`),
		soft("shop_not_for_sale", shop, "Sorry", "<h1>Sorry</h1><p>This product is no longer available. Look at what else we have.</p>"+pictures(6, 4)),
		turned("echoes_the_path", server(func(r *Request) reply {
			if r.URL.Path == "/" {
				return says(http.StatusOK, plain.page("Welcome", paragraphs(prose(9, 8))))
			}
			return says(http.StatusOK, plain.page("Not Found", "<h1>Not Found</h1><p>The requested URL "+r.URL.Path+" was not found on this server.</p><p>Request "+strconv.FormatInt(77*r.Number, 10)+"</p>"))
		})),
		turned("missing_only_in_the_title", server(func(r *Request) reply {
			return says(http.StatusOK, news.page("Page not found - The Harbour Gazette", paragraphs(prose(5, 9))+"<p>"+strconv.FormatInt(r.Number, 10)+" readers are here now.</p>"))
		})),
		turned("redirects_to_an_error_page", server(func(r *Request) reply {
			if r.URL.Path == "/404.html" {
				return says(http.StatusOK, blog.page("Page not found", "<h1>Page not found</h1><p>Use the menu to go on.</p>"))
			}
			return sends(http.StatusFound, "/404.html")
		})),
	}
}

// wordless are pages for missing paths that say nothing about it.
func wordless() []Specimen {
	title, main := tale(51, 16)
	return []Specimen{
		turned("catalogue_for_every_path", everywhere(says(http.StatusOK, shop.page("Kettle and Pan", "<h1>New this week</h1><p>Copper is back.</p>"+paragraphs(prose(2, 4)))))),
		turned("article_for_every_path", everywhere(says(http.StatusOK, blog.page(title, main)))),
		turned("front_page_for_every_path", server(func(r *Request) reply {
			return says(http.StatusOK, news.page("The Harbour Gazette", paragraphs(prose(3, 12))+"<p>Issue "+strconv.FormatInt(2000+r.Number, 10)+"</p>"))
		})),
		turned("search_box_for_every_path", everywhere(says(http.StatusOK, plain.page("Search", `<h1>Search the catalogue</h1><form action="/q"><input name="q"><button>Go</button></form><p>Type a word and press go. The catalogue has nine thousand entries in four languages.</p>`)))),
		turned("one_word_for_every_path", everywhere(says(http.StatusOK, "<html><body>OK</body></html>"))),
	}
}

func placeholders() []Specimen {
	all := func(name, path string, before, p reply) Specimen {
		return turned(name, absent(p)).from(placed(before)).at(path)
	}
	picture := file("image/jpeg", jpegMagic, 30, 50_000)
	return []Specimen{
		all("picture_saying_so", "/i/quay.jpg", picture, file("image/png", pngMagic, 31, 503)),
		all("one_pixel", "/i/quay.gif", picture, file("image/gif", gifMagic, 32, 37)),
		all("short_clip", "/v/choir.mp4", file("video/mp4", mp4Magic, 33, 90_000), file("video/mp4", mp4Magic, 34, 4000)),
		all("line_of_text", "/get/plan.zip", file("application/zip", zipMagic, 35, 60_000), reply{status: http.StatusOK, body: "file not found"}.with("Content-Type", "text/plain")),
		all("json_without_an_album", "/api/album/7", reply{status: http.StatusOK, body: `{"title":"album","pictures":["a.jpg"]}`}.with("Content-Type", "application/json"),
			reply{status: http.StatusOK, body: `{"error":"no such album"}`}.with("Content-Type", "application/json")),
		turned("sent_to_the_placeholder", server(func(r *Request) reply {
			if r.URL.Path == "/removed.png" {
				return file("image/png", pngMagic, 36, 503)
			}
			return sends(http.StatusFound, "/removed.png")
		})).from(placed(picture)).at("/i/x7Gq.jpg"),
	}
}

// takedowns stand in the place of one page; what is missing is a true 404.
func takedowns() []Specimen {
	notice := func(name string, s skin, title, text string) Specimen {
		return turned(name, placed(says(http.StatusOK, s.page(title, "<h1>"+title+"</h1><p>"+text+"</p>"))))
	}
	return []Specimen{
		notice("for_the_terms", social, "Content removed", "This content has been removed for violating our terms of service."),
		notice("for_a_report", gallery, "Picture removed", "This picture was removed after a report of abuse."),
		notice("for_copyright", fileHost, "File unavailable", "This file is no longer available due to a copyright claim by its owner."),
		notice("by_a_moderator", forum, "Topic removed", "This topic has been removed by a moderator."),
		notice("by_an_authority", plain, "Content removed", "This content was taken down at the order of an authority."),
		notice("in_german", social, "Inhalt entfernt", "Dieser Inhalt wurde wegen eines Verstoßes gegen unsere Nutzungsbedingungen entfernt."),
	}
}

func fileHosts() []Specimen {
	removed := func(name, main string) Specimen {
		return turned(name, absent(says(http.StatusOK, fileHost.page("Parcel drop", main)))).from(original(3)).at("/f/x7GqPw")
	}
	return []Specimen{
		removed("file_removed_by_the_host", "<h1>File has been removed</h1><p>This file has been removed because it broke our terms of service.</p>"),
		removed("file_deleted_after_silence", "<h1>File deleted</h1><p>Nobody downloaded this file for 60 days, so it was deleted. Upload it again to share it.</p>"),
		removed("file_deleted_by_the_uploader", "<h1>Error</h1><p>The file was deleted by its uploader.</p>"),
		removed("no_such_file", "<h1>The file you were looking for could not be found</h1><ul><li>It may have expired.</li><li>The link may be misspelt.</li></ul>"),
		removed("parcel_cannot_be_delivered", "<h1>Oops!</h1><p>We have no parcel with this number.</p><img src=\"/box.png\" alt=\"\">"),
		turned("file_removed_with_a_true_404_beside", placed(says(http.StatusOK, fileHost.page("Parcel drop", "<h1>This file is not available any more</h1><p>It was removed after an abuse report.</p>")))).from(original(3)).at("/f/x7GqPw"),
	}
}

func userDeleted() []Specimen {
	gone := func(name, main string) Specimen {
		return turned(name, absent(says(http.StatusOK, social.page("Chirrup", main)))).from(placed(says(http.StatusOK, social.page("Anna at the quay", "<h1>Anna at the quay</h1>"+pictures(2, 6)+thread(4, 3))))).at("/anna-quay")
	}
	return []Specimen{
		gone("account_does_not_exist", "<h2>This account doesn’t exist</h2><p>Try searching for another.</p>"),
		gone("page_is_not_available", "<h2>Sorry, this page isn't available.</h2><p>The link you followed may be broken, or the page may have been removed.</p>"),
		gone("post_was_deleted", "<div><span>This post was deleted by its author.</span> <a href=\"/help/deleted\">Learn more</a></div>"),
		gone("user_suspended", "<h2>Account suspended</h2><p>This account has been suspended because it broke the rules.</p>").means(casefile.ReasonAccountSuspended, casefile.ReasonSoft404, casefile.ReasonTakedownPage),
		gone("video_unavailable", "<div class=\"player\"><h2>Video unavailable</h2><p>This video has been removed by the uploader.</p></div>"),
	}
}

func emptied() []Specimen {
	folder := func(rows string) reply {
		return says(http.StatusOK, "<html><head><title>Index of /albums/</title></head><body><h1>Index of /albums/</h1><hr><pre><a href=\"../\">../</a>\n"+rows+"</pre><hr></body></html>")
	}
	var rows string
	for i := range 20 {
		rows += "<a href=\"p" + strconv.Itoa(i) + ".jpg\">p" + strconv.Itoa(i) + ".jpg</a>  2026-05-01 10:00  120K\n"
	}
	return []Specimen{
		turned("folder_emptied", placed(folder(""))).from(placed(folder(rows))).at("/albums/").onlyKnown(),
		turned("album_emptied", placed(says(http.StatusOK, gallery.page("Album", "<h1>Album</h1><p>There are no pictures in this album.</p>")))).from(placed(says(http.StatusOK, gallery.page("Album", "<h1>Album</h1>"+pictures(3, 12))))).onlyKnown(),
		turned("page_blanked", placed(says(http.StatusOK, "<html><head></head><body></body></html>"))).onlyKnown(),
	}
}

func sentAway() []Specimen {
	away := func(name, to string) Specimen {
		return turned(name, server(func(r *Request) reply {
			if r.URL.RequestURI() == to {
				return says(http.StatusOK, news.page("The Harbour Gazette", paragraphs(prose(3, 12))))
			}
			return sends(http.StatusMovedPermanently, to)
		}))
	}
	return []Specimen{
		away("to_the_front_page", "/"),
		away("to_the_index", "/index.php"),
		away("to_the_search_page", "/search?q="),
		away("to_the_parent_folder", "/stories/"),
		away("to_the_front_page_of_a_language", "/en/").means(casefile.ReasonRedirectedHome, casefile.ReasonSoft404),
	}
}
