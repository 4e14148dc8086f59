package fakenet

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// unseenWays lead to the matter in a roundabout way.
func unseenWays() []Specimen {
	title, main := tale(66, 9)
	page := ok(press(title, main))
	front := ok(press("Salt and Rope", "<h1>Salt and Rope</h1>"))
	over := func(name, from, to string, first reply) Specimen {
		return still(name, server(func(r *Request) reply {
			switch r.URL.RequestURI() {
			case from:
				return first
			case to:
				return page
			case "/":
				return front
			}
			return pressNone
		})).at(from)
	}
	other := func(name, label, path string, there reply, status int) Specimen {
		s := still(name, Behaviour{})
		host := label + s.Host()
		s.Before = server(func(r *Request) reply {
			if r.URL.Path == pathOf(r.Site) {
				return sends(status, "http://"+host+path)
			}
			return pressNone
		})
		s.Now = s.Before
		return s.at("/log/66/").besides(Site{Host: host, Path: path, Acts: Always(placed(there))})
	}
	return []Specimen{
		over("refresh_in_the_page", "/old/66", "/log/66/", ok(bare("Redirecting", `<meta http-equiv="refresh" content="0;url=/log/66/"><a href="/log/66/">Moved here</a>`))),
		over("refresh_in_the_header", "/old/67", "/log/67/", ok("Moved.").with("Refresh", "0; url=/log/67/")),
		over("refresh_after_some_seconds", "/old/68", "/log/68/", ok(bare("Please wait", `<meta http-equiv="Refresh" content="3; URL='/log/68/'"><p>Please wait, you will be redirected to the picture.</p>`))),
		over("temporary_of_the_new_kind", "/a/1", "/b/1", sends(307, "/b/1")),
		over("permanent_of_the_new_kind", "/a/2", "/b/2", sends(308, "b/../../b/2")),
		over("session_in_the_path", "/view.do", "/view.do;jsessionid=8A77", sends(302, "/view.do;jsessionid=8A77")),
		over("words_in_the_way", "/p/3", "/p/3/h%C3%A4fen", sends(301, "/p/3/häfen")),
		over("front_page_moved_to_a_language", "/", "/en/", sends(302, "/en/")),
		over("front_page_moved_to_a_start", "/", "/index.php?page=home", sends(302, "/index.php?page=home")),
		over("part_of_the_place_named", "/a/4", "/b/4", sends(301, "/b/4#photo-2")),
		other("to_the_mobile_site", "m.", "/log/66/", page, 302),
		other("to_the_server_of_files", "cdn1.", "/f/66.jpg", file("image/jpeg", jpegMagic, 91, 33_000), 302),
		other("to_the_new_blog_of_the_site", "blog.", "/2026/66/", page, 301),
	}
}

func unseenTransports() []Specimen {
	title, main := tale(71, 10)
	page := press(title, main)
	good := func() Behaviour { return hosted(ok(page), ok(press("Front", "")), pressNone) }
	raw := func(name, answer string) Specimen {
		return still(name, written(name, func(c net.Conn, _ *Request, _ string) { _, _ = io.WriteString(c, answer) }))
	}
	v4dead := netip.MustParseAddr("192.0.2.250")
	s6 := still("only_the_new_protocol", good())
	s6.Site.Addresses = []netip.Addr{netip.MustParseAddr("2001:db8:1::77")}
	two := still("one_of_two_addresses_dead", good())
	two.Site.Addresses = []netip.Addr{netip.MustParseAddr("192.0.2.251")}
	two.Before = two.Before.On(DNS{Addresses: []netip.Addr{v4dead, netip.MustParseAddr("192.0.2.251")}})
	two.Now = two.Before
	two = two.besides(Site{Host: "dead-one.test", Addresses: []netip.Addr{v4dead}, Acts: Always(Refuse())})
	return []Specimen{
		raw("status_without_words", "HTTP/1.1 200\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"+page),
		raw("lines_ended_in_the_unix_way", "HTTP/1.1 200 OK\nContent-Type: text/html\nConnection: close\n\n"+page),
		raw("length_said_twice", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %[1]d\r\nContent-Length: %[1]d\r\n\r\n%[2]s", len(page), page)),
		raw("hints_before_the_answer", fmt.Sprintf("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(page), page)),
		raw("old_protocol_with_a_length", fmt.Sprintf("HTTP/1.0 200 OK\r\nServer: CERN/3.0\r\nContent-Length: %d\r\n\r\n%s", len(page), page)),
		raw("chunks_with_extensions", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n%x;name=v\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n", len(page), page)),
		raw("twenty_cookies", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"+strings.Repeat("Set-Cookie: a=b; Path=/\r\n", 20)+"Connection: close\r\n\r\n"+page),
		still("late_by_a_second_and_a_half", Slow(1500*time.Millisecond, good())),
		still("certificate_not_yet_valid", good().Over(TLSNotYet)).secure(),
		still("old_certificate_on_a_front_page", hosted(ok(page), ok(page), pressNone).Over(TLSExpired)).secure().at("/"),
		still("old_protocol_of_tls", good().Over(TLSOld)).secure().onlyFresh(),
		still("name_in_a_chain_of_four", good().On(DNS{CNAMEs: []string{"a.four.example", "b.four.example", "c.four.test", "d.four.test"}})),
		still("name_answered_late", good().On(DNS{Delay: 1200 * time.Millisecond})),
		still("no_answer_for_the_new_protocol", good().On(DNS{Kind: DNSServfail, Only: "AAAA"})).onlyFresh(),
		s6, two.onlyFresh(),
	}
}

// unseenHosts answer all paths, or nearly.
func unseenHosts() []Specimen {
	landing := func(inner string) reply {
		return ok(bare("Harbour pictures: join now", `<div class="hero"><h1>Harbour pictures</h1><p>The largest collection of harbour pictures on the net. Updated every day. Join now for full access to all sets.</p><a href="/join">Join now</a></div>`+inner+`<div class="faq"><h2>Questions</h2>`+paragraphs(prose(3, 9))+`</div>`))
	}
	wild := func(r *Request) reply {
		seed, sentences := 0, 10
		for _, c := range r.URL.Path {
			seed = (seed*31 + int(c)) % 1_000_003
		}
		if r.URL.Path != pathOf(r.Site) {
			sentences = 14 // tales of one length are taken for one in some 1 of 80 looks: four shapes of sentences make all of them
		}
		t, m := tale(seed, sentences)
		return ok(press(t, m))
	}
	small := ok(bare("Ferry cafe", `<h1>Ferry cafe</h1><p>Open from May to October, 8 to 18. Closed for the winter: see you in spring!</p><img src="/cafe.jpg">`))
	return []Specimen{
		still("wildcard_that_writes_a_page_for_each_path", server(wild)).at("/stories/boats-in-rain"),
		still("landing_around_a_frame", hosted(landing(`<iframe src="/embed/771"></iframe>`), landing(""), landing(""))).at("/set/771"),
		still("landing_around_a_set", hosted(landing(`<div class="set"><a href="/s/1.jpg"><img src="/s/t1.jpg"></a><a href="/s/2.jpg"><img src="/s/t2.jpg"></a><a href="/s/3.jpg"><img src="/s/t3.jpg"></a></div>`), landing(""), landing(""))).at("/set/772"),
		still("front_page_that_answers_all_paths", everywhere(small)).at("/"),
		still("front_page_with_query_that_answers_all_paths", everywhere(small)).at("/?ref=7"),
		still("front_page_of_a_shop_that_sends_all_home", server(func(r *Request) reply {
			if r.URL.Path == "/" {
				return small
			}
			return sends(302, "/")
		})).at("/"),
		still("page_of_a_site_that_sends_missing_ones_home", server(func(r *Request) reply {
			switch r.URL.Path {
			case pathOf(r.Site):
				return ok(press("Bowline", "<h1>Bowline</h1><img src=\"/b.gif\"><p>Over, under.</p>"))
			case "/":
				return small
			}
			return sends(301, "/")
		})).at("/bowline"),
		still("reader_of_one_page_application", hosted(ok(bare("Set 9", `<div id="root"><h1>Set 9</h1><img src="/9/1.jpg"><img src="/9/2.jpg"></div><script src="/static/main.js"></script>`)), ok(bare("Sets", `<div id="root"></div><script src="/static/main.js"></script>`)), ok(bare("Sets", `<div id="root"></div><script src="/static/main.js"></script>`)))).at("/set/9"),
		still("two_pages_of_one_template", server(func(r *Request) reply {
			if strings.HasPrefix(r.URL.Path, "/p/") || r.URL.Path == "/" {
				return ok(bare("Slide show", `<script src="/show.js"></script><img id="s" src="/img`+r.URL.Path+`.jpg"><a href="?n">next</a>`))
			}
			return noSuchFile
		})).at("/p/44"),
	}
}
