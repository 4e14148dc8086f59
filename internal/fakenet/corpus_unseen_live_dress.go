package fakenet

import (
	"fmt"
	"net/http"
	"strings"
)

// hosted is a server of the unseen pages: the page at its path, a front page of its own, and an answer for all else.
func hosted(page, front, missing reply) Behaviour {
	return server(func(r *Request) reply {
		switch r.URL.Path {
		case pathOf(r.Site):
			return page
		case "/":
			return front
		}
		return missing
	})
}

// hostAnew is hosted with a page that is made anew for each request.
func hostAnew(front, missing reply, page func(number int) string) Behaviour {
	return server(func(r *Request) reply {
		switch r.URL.Path {
		case pathOf(r.Site):
			return says(http.StatusOK, page(int(r.Number)))
		case "/":
			return front
		}
		return missing
	})
}

// ok is a page of 200.
func ok(body string) reply { return says(http.StatusOK, body) }

// tube is a page of a site of clips: a bar, a wall of thumbnails, hardly any words.
func tube(title, main string, wall int) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html><head><title>` + title + ` - ClipBarrel</title><meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/css/app.min.css?v=88"><script src="/js/lib.js"></script><script>var cfg={cdn:"//st.clipbarrel.test",ads:true,lang:"en"};</script></head><body><div class="top-bar"><a class="logo" href="/">ClipBarrel</a><form action="/search"><input name="q" placeholder="Search"></form><a href="/login">Sign in</a></div><ul class="tabs"><li><a href="/new">New</a></li><li><a href="/top">Top rated</a></li><li><a href="/categories">Categories</a></li><li><a href="/channels">Channels</a></li></ul>`)
	b.WriteString(main)
	b.WriteString(`<h3>Related clips</h3><div class="thumbs">`)
	for i := range 12 {
		t := topics[(wall+i)%len(topics)]
		fmt.Fprintf(&b, `<div class="th"><a href="/v/%d"><img data-src="//st.clipbarrel.test/t/%d.jpg" alt=""><span class="dur">%d:%02d</span></a><p>%s %s</p></div>`, wall*31+i, wall*31+i, i+1, 5*i, t.traits[i%6], t.things[(wall+i)%12])
	}
	b.WriteString(`</div><div class="footer"><a href="/dmca">DMCA</a> <a href="/2257">2257</a> <a href="/terms">Terms</a> <a href="/content-removal">Content removal</a> All models are over 18.</div></body></html>`)
	return b.String()
}

// player is a clip's own part of a page of a tube.
func player(id int, title string) string {
	return fmt.Sprintf(`<div class="player-wrap"><div id="player" data-id="%d"></div><script>init({"file":"//cdn%d.clipbarrel.test/hls/%d/master.m3u8","image":"//st.clipbarrel.test/p/%d.jpg"})</script></div><h1>%s</h1><div class="stats"><span>%d views</span> <a class="like">87%%</a></div><div class="tags"><a href="/tag/1">boats</a><a href="/tag/2">rain</a></div>`, id, id%9, id, id, title, 1000*id%99991)
}

// board is a page of an old board.
func board(title, main string) string {
	return `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"><html><head><title>` + title + `</title><link rel="stylesheet" type="text/css" href="clientscript/main.css"></head><body><table class="tborder" width="100%"><tr><td class="navbar"><a href="index.php">Beekeepers' Corner</a> &raquo; <a href="forumdisplay.php?f=7">Swarms</a></td><td><form action="login.php?do=login" method="post">User Name <input name="user"> Password <input type="password" name="pw"><input type="submit" value="Log in"></form></td></tr></table><table class="tborder"><tr><td><a href="register.php">Register</a></td><td><a href="faq.php">FAQ</a></td><td><a href="memberlist.php">Members List</a></td><td><a href="search.php">Today's Posts</a></td></tr></table>` +
		main + `<div class="smallfont">All times are GMT +1. The time now is 11:02 AM.</div><div class="smallfont">Copyright of the beekeepers. <a href="#top">Top</a></div></body></html>`
}

// post is one post of a board.
func post(number int, who, text string) string {
	return fmt.Sprintf(`<table class="tborder" id="post%d"><tr><td class="thead">#%d</td></tr><tr><td class="alt2"><a href="member.php?u=%d">%s</a><br>Member<br>Posts: %d</td><td class="alt1">%s</td></tr></table>`, number, number, number*13, who, number*31, text)
}

// press is a page of the commonest software of blogs, with blocks.
func press(title, main string) string {
	return `<!DOCTYPE html><html lang="en-US"><head><meta charset="UTF-8"><title>` + title + ` &#8211; Salt and Rope</title><link rel="stylesheet" id="blocks-css" href="/wp-includes/css/blocks/style.min.css"><meta name="generator" content="press 6.8"></head><body class="single single-post"><div class="wp-site-blocks"><header class="wp-block-template-part"><p class="wp-block-site-title"><a href="/">Salt and Rope</a></p><nav class="wp-block-navigation"><a href="/about/">About</a><a href="/knots/">Knots</a></nav></header><main class="wp-block-group">` +
		main + `</main><footer class="wp-block-template-part"><p>Salt and Rope</p><p>Designed with a press</p></footer></div></body></html>`
}

// bare makes a document without any dress.
func bare(title, main string) string {
	return "<html><head><title>" + title + "</title></head><body>" + main + "</body></html>"
}

var (
	noSuchFile  = says(http.StatusNotFound, `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL was not found on this server.</p><hr><address>Server at Port 80</address></body></html>`)
	pressNone   = says(http.StatusNotFound, press("Page not found", `<h1>Page Not Found</h1><p>The page you are looking for doesn't exist, or it has been moved. Please try searching using the form below.</p><form role="search"><input type="search"><button>Search</button></form>`))
	boardNone   = ok(board("Beekeepers' Corner", `<table class="tborder"><tr><td class="thead">vBoard Message</td></tr><tr><td class="panel">No Thread specified. If you followed a valid link, please notify the <a href="sendmessage.php">administrator</a></td></tr></table>`))
	tubeHome    = ok(tube("Free clips of boats", `<h1>Clips being watched</h1>`, 2))
	tubeNone200 = ok(tube("Clip not found", `<div class="msg">This clip could not be found.</div>`, 5))
	tubeNone404 = says(http.StatusNotFound, tube("404", `<div class="msg">Oops! Page not found.</div>`, 5))
)
