package fakenet

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"vigil/casefile"
)

// unseenSilent are failures that were written before anybody looked at how the rules take them.
func unseenSilent() []kind {
	silent := func(name string, half Half, reason casefile.Reason, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateSilent, reasons: []casefile.Reason{reason}, members: members}
	}
	return []kind{
		silent("unseen_breaks_below_http", HalfHold, casefile.ReasonTimeout, unseenBreaks()...),
		silent("unseen_failing_servers", HalfTune, casefile.ReasonServerError, unseenFailures()...),
		silent("unseen_pauses", HalfHold, casefile.ReasonServerError, unseenPauses()...),
		silent("unseen_dead_ends", HalfTune, casefile.ReasonProtocolError, unseenDeadEnds()...),
	}
}

// spits is a server that writes bytes to the bare connection after the request and closes.
func spits(name, bytes string, reasons ...casefile.Reason) Specimen {
	return turned(name, Raw(name, reasons[0], func(c net.Conn, _ *Request) { _, _ = io.WriteString(c, bytes) }).AllPaths()).means(reasons...)
}

func unseenBreaks() []Specimen {
	page := press("Half", "<h1>Half</h1>"+paragraphs(prose(2, 6)))
	stall := func(name, head string) Specimen {
		return turned(name, Raw(name, casefile.ReasonTimeout, func(c net.Conn, _ *Request) { _, _ = io.WriteString(c, head); swallow(c) }).AllPaths())
	}
	return []Specimen{
		turned("one_family_fails_and_the_other_has_none", Behaviour{DNS: &DNS{Kind: DNSServfail, Only: "A"}}).means(casefile.ReasonServfail),
		turned("name_answered_too_late", Behaviour{DNS: &DNS{Delay: 40 * time.Second}}).means(casefile.ReasonTimeout),
		turned("alias_that_leads_nowhere_for_now", Behaviour{DNS: &DNS{CNAMEs: []string{"edge.nowhere-now.test"}, Kind: DNSServfail}}).means(casefile.ReasonServfail),
		stall("headers_that_stop", "HTTP/1.1 404 Not Found\r\nServer: x\r\n"),
		stall("missing_page_that_never_ends", "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 900\r\n\r\n<title>404</title>"),
		spits("chunks_cut", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n"+page[:300], casefile.ReasonReset, casefile.ReasonProtocolError),
		spits("chunks_of_nonsense", "HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nGone\r\n0\r\n\r\n", casefile.ReasonProtocolError),
		spits("soft_404_cut_short", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6000\r\n\r\n<html><title>Page not found</title><h1>Page not found</h1>", casefile.ReasonReset),
		spits("suspended_page_cut_short", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7000\r\n\r\n<html><title>Account Suspended</title><h1>Account Suspended</h1>", casefile.ReasonReset),
	}
}

func unseenFailures() []Specimen {
	all := func(name string, status int, title, main string) Specimen {
		return turned(name, everywhere(says(status, bare(title, main)).with("Server", "edge")))
	}
	edge := func(status int, what string) Specimen {
		code := strconv.Itoa(status)
		return all("edge_"+code, status, "files.test | "+code+": "+what, `<div id="cf-wrapper"><h1><span>`+what+`</span><span>Error code `+code+`</span></h1><div>You: Browser Working. Edge: Working. files.test Host: Error</div><h2>What happened?</h2><p>The web server is not returning a connection. As a result, the web page is not displaying.</p><h2>What can I do?</h2><p>Please try again in a few minutes.</p></div>`)
	}
	return []Specimen{
		edge(521, "Web server is down"), edge(522, "Connection timed out"), edge(524, "A timeout occurred"), edge(526, "Invalid SSL certificate"),
		all("origin_name_unknown_530", 530, "Error 1016", `<h1>Error 1016</h1><h2>Origin DNS error</h2><p>You've requested a page on a website that is on the network. It is currently unable to resolve your requested domain.</p>`),
		all("cache_says_guru", 503, "503 Backend fetch failed", `<h1>Error 503 Backend fetch failed</h1><p>Backend fetch failed</p><h3>Guru Meditation:</h3><p>XID: 32770</p><hr><p>Cache server</p>`),
		all("gateway_page", 502, "502 Bad Gateway", `<center><h1>502 Bad Gateway</h1></center><hr><center>web</center>`),
		all("gateway_says_not_found_inside", 502, "502", `<h1>502 Server Error: upstream not found</h1><p>404 page not found</p>`),
		all("internal_error_says_suspended", 500, "Error", `<h1>Internal error</h1><p>Worker has been suspended. Process not found.</p>`),
		all("application_error_of_a_platform", 503, "Application Error", `<iframe src="//www.platform.test/error.html"></iframe>`),
		all("no_backend_200", 200, "", "no healthy upstream").means(later...),
		all("stack_of_errors_200", 200, "Exception", `<h1>Whoops, something went wrong.</h1><pre>SQLSTATE[HY000] [2002] Connection refused
#0 /srv/app/db.php(31)</pre>`).means(later...),
		all("too_many_database_connections_200", 200, "Database error", "<p>The board database has encountered a problem. Too many connections.</p><p>Please try the following: load the page again by clicking the Refresh button.</p>").means(later...),
	}
}

func unseenPauses() []Specimen {
	all := func(name string, status int, title, main string) Specimen {
		return turned(name, everywhere(says(status, bare(title, main)))).means(later...)
	}
	return []Specimen{
		all("pause_in_german", 200, "Wartungsarbeiten", "<h1>Wartungsarbeiten</h1><p>Wir sind in Kürze wieder für Sie da. Bitte versuchen Sie es später erneut.</p>"),
		all("pause_in_french", 200, "Site en maintenance", "<h1>Site en maintenance</h1><p>Nous serons de retour très bientôt. Merci de votre patience.</p>"),
		all("pause_in_spanish", 503, "En mantenimiento", "<h1>Sitio en mantenimiento</h1><p>Volvemos enseguida.</p>"),
		all("pause_in_russian", 200, "Технические работы", "<h1>На сайте ведутся технические работы</h1><p>Пожалуйста, зайдите позже.</p>"),
		all("pause_in_japanese", 200, "メンテナンス中", "<h1>ただいまメンテナンス中です</h1><p>しばらくお待ちください。</p>"),
		all("pause_in_italian", 200, "Sito in manutenzione", "<h1>Sito in manutenzione</h1><p>Torneremo presto online.</p>"),
		all("pause_in_portuguese", 200, "Em manutenção", "<h1>Site em manutenção</h1><p>Voltaremos em breve.</p>"),
		all("pause_in_dutch", 200, "Onderhoud", "<h1>We zijn even bezig met onderhoud</h1><p>Probeer het later opnieuw.</p>"),
		all("pause_of_a_press", http.StatusServiceUnavailable, "Maintenance", "Briefly unavailable for scheduled maintenance. Check back in a minute."),
		all("pause_of_a_shop_200", 200, "Store maintenance", "<p>Our store is temporarily closed for an upgrade. We will be back shortly. Thank you for waiting.</p>"),
	}
}

func unseenDeadEnds() []Specimen {
	return []Specimen{
		spits("mail_server_on_the_port", "220 mail.files.test ESMTP ready\r\n", casefile.ReasonProtocolError),
		spits("file_server_on_the_port", "220 FTP server ready\r\n530 Please login with USER and PASS\r\n", casefile.ReasonProtocolError),
		spits("binary_on_the_port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", casefile.ReasonProtocolError),
		spits("nothing_at_all", "", casefile.ReasonReset, casefile.ReasonProtocolError),
		spits("answer_of_999", "HTTP/1.1 999 Request denied\r\nContent-Length: 0\r\n\r\n", casefile.ReasonProtocolError, casefile.ReasonForbidden, casefile.ReasonRateLimited, casefile.ReasonServerError),
		turned("circle_over_two_hosts", everywhere(sends(302, "http://round-about.test/back"))).besides(Site{Host: "round-about.test", Path: "/back", Acts: Always(everywhere(sends(302, "http://circle-over-two-hosts.example/stories/405.html")))}).means(casefile.ReasonRedirectLoop, casefile.ReasonTooManyRedirects),
		turned("redirect_to_a_script", everywhere(says(302, "").with("Location", "javascript:void(0)"))).means(casefile.ReasonProtocolError),
		turned("redirect_to_a_dead_host", everywhere(sends(302, "http://dead-end.test/x"))).besides(Site{Host: "dead-end.test", Path: "/x", Acts: Always(Refuse())}).means(casefile.ReasonRefused, casefile.ReasonRedirectedElsewhere),
		turned("redirect_to_no_name", everywhere(sends(302, "http://no-such-name-anywhere.test/x"))).means(casefile.ReasonRedirectedElsewhere, casefile.ReasonNoAddress),
	}
}
