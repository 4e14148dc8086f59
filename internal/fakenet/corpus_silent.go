package fakenet

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"vigil/casefile"
)

// silentKinds say nothing about whether the page is there.
func silentKinds() []kind {
	silent := func(name string, half Half, reason casefile.Reason, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateSilent, reasons: []casefile.Reason{reason}, members: members}
	}
	return []kind{
		silent("dns_fails", HalfTune, casefile.ReasonServfail, dnsFaults()...),
		silent("connection_fails", HalfHold, casefile.ReasonTimeout, connectFaults()...),
		silent("tls_fails", HalfTune, casefile.ReasonTLS, tlsFaults()...),
		silent("answer_breaks_off", HalfHold, casefile.ReasonReset, brokenAnswers()...),
		silent("server_fails", HalfTune, casefile.ReasonServerError, serverErrors()...),
		silent("failure_under_200", HalfTune, casefile.ReasonServerError, failures200()...),
		silent("maintenance", HalfHold, casefile.ReasonServerError, maintenance()...),
		silent("no_http", HalfTune, casefile.ReasonProtocolError, noHTTP()...),
		silent("redirects_fail", HalfHold, casefile.ReasonRedirectLoop, badRedirects()...),
	}
}

// fault is a behaviour of the net, with the reason that it expects, for a specimen.
func fault(name string, b Behaviour) Specimen { return turned(name, b.AllPaths()).means(b.Expect) }

func dnsFaults() []Specimen {
	return []Specimen{
		fault("servfail", BrokenDNS(DNSServfail)),
		fault("query_refused", BrokenDNS(DNSRefused)),
		fault("resolver_silent", BrokenDNS(DNSSilent)),
		fault("no_address", BrokenDNS(DNSNoData)),
		fault("alias_loop", BrokenDNS(DNSCNAMELoop)),
		fault("dns_garbage", BrokenDNS(DNSGarbage)).means(casefile.ReasonTimeout, casefile.ReasonServfail),
		fault("answer_to_another_question", BrokenDNS(DNSWrongQuestion)).means(casefile.ReasonTimeout, casefile.ReasonServfail),
	}
}

func connectFaults() []Specimen {
	return []Specimen{
		fault("refused", Refuse()),
		fault("never_connects", Blackhole()),
		fault("accepts_and_says_nothing", Hang()),
		fault("reset_at_once", Reset()),
		fault("closes_early", CloseEarly()),
		fault("own_network_address", AddressRefused()),
		fault("unspecified_address", AddressRefused(netip.IPv4Unspecified())),
	}
}

func tlsFaults() []Specimen {
	over := func(name string, k TLSKind, reasons ...casefile.Reason) Specimen {
		return turned(name, BrokenTLS(k)).secure().means(append(reasons, casefile.ReasonTLS)...)
	}
	return []Specimen{
		over("handshake_alert", TLSAlert),
		over("tls_hangs", TLSHang, casefile.ReasonTimeout),
		over("tls_reset", TLSReset, casefile.ReasonReset),
		over("plain_http_on_the_tls_port", TLSPlain),
		over("tls_garbage", TLSGarbage),
	}
}

func brokenAnswers() []Specimen {
	return []Specimen{
		fault("hangs_after_the_request", HangAfterRequest()),
		fault("reset_in_the_headers", ResetInHeaders()),
		fault("reset_in_the_body", ResetInBody()),
		fault("body_cut_short", TruncatedBody()),
		fault("body_drips", Drip(300*time.Millisecond)),
		fault("headers_drip", DripHeaders(300*time.Millisecond)),
		fault("gzip_that_is_none", BadGzip()),
		fault("missing_404_cut_short", Raw("404_cut", casefile.ReasonReset, func(c net.Conn, _ *Request) {
			_, _ = io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4000\r\n\r\n<html><title>404 Not Found</title>")
		})),
	}
}

func serverErrors() []Specimen {
	var out []Specimen
	for _, status := range []int{500, 502, 503, 504, 520, 521, 522, 523, 525, 526} {
		out = append(out, turned("status_"+strconv.Itoa(status), everywhere(says(status, plain.page(strconv.Itoa(status), "<h1>Error "+strconv.Itoa(status)+"</h1><p>The server could not answer. Try again later.</p>")))))
	}
	return append(out,
		turned("status_500_without_a_body", everywhere(says(http.StatusInternalServerError, ""))),
		turned("status_530_name_of_the_origin", everywhere(says(530, plain.page("Origin", "<h1>Error 1016</h1><p>Origin DNS error</p>")))),
		turned("status_509_bandwidth", everywhere(says(509, plain.page("Bandwidth", "<h1>Bandwidth Limit Exceeded</h1><p>The server cannot serve your request now. Try again later.</p>")))))
}

// later are the reasons for a site that will be back. Whoever cannot tell may say that it changed, never that it is gone.
var later = []casefile.Reason{casefile.ReasonServerError, casefile.ReasonContentDiffers, casefile.ReasonScriptRequired}

// failures200 are failures of the software behind a server that says 200 all the same.
func failures200() []Specimen {
	all := func(name string, s skin, title, main string) Specimen {
		return turned(name, everywhere(says(http.StatusOK, s.page(title, main)))).means(later...)
	}
	return []Specimen{
		all("database_error_200", plain, "Database error", "<h1>Error establishing a database connection</h1>"),
		all("fatal_error_200", plain, "", "<b>Fatal error</b>: Uncaught exception in /srv/site/index.php on line 7"),
		all("overloaded_200", forum, "Busy", "<p>The board is very busy at the moment. Please try again later.</p>"),
	}
}

func maintenance() []Specimen {
	all := func(name string, status int, s skin, title, main string) Specimen {
		return turned(name, everywhere(says(status, s.page(title, main)))).means(later...)
	}
	return []Specimen{
		all("maintenance_503", http.StatusServiceUnavailable, plain, "Back soon", "<h1>We will be back soon</h1><p>Briefly unavailable for scheduled maintenance.</p>"),
		all("maintenance_200", http.StatusOK, plain, "Maintenance", "<h1>Under maintenance</h1><p>Our site is undergoing scheduled maintenance. We will be back soon.</p>"),
		all("upgrade_200", http.StatusOK, blog, "Updating", "<p>We are moving the journal to a new server. It will be back tonight.</p>"),
		all("try_again_in_polish_200", http.StatusOK, plain, "Przerwa techniczna", "<h1>Przerwa techniczna</h1><p>Strona jest chwilowo niedostępna. Prosimy spróbować później.</p>"),
		turned("maintenance_by_redirect", server(func(r *Request) reply {
			if r.URL.Path == "/maintenance.html" {
				return says(http.StatusOK, plain.page("Maintenance", "<h1>Down for maintenance</h1><p>Please come back in an hour.</p>"))
			}
			return sends(http.StatusFound, "/maintenance.html")
		})).means(later...),
	}
}

func noHTTP() []Specimen {
	return []Specimen{
		fault("answers_garbage", Garbage()),
		fault("answers_as_in_1991", HTTP09()),
		fault("banner_of_another_protocol", Banner()),
		fault("status_that_is_no_number", BadStatusLine()),
		fault("header_without_a_colon", BadHeader()),
		fault("headers_without_end", EndlessHeaders()),
	}
}

func badRedirects() []Specimen {
	return []Specimen{
		fault("redirects_in_a_circle", RedirectLoop()),
		fault("redirects_to_itself", RedirectTo("/stories/401.html").Named("", casefile.ReasonRedirectLoop)),
		fault("redirects_without_end", endless()),
		turned("redirect_without_a_place", everywhere(says(http.StatusFound, ""))).means(casefile.ReasonProtocolError),
		fault("redirect_to_an_inner_address", RedirectTo("http://10.0.0.8/admin").Named("", casefile.ReasonAddressRefused)),
		fault("redirect_to_another_scheme", RedirectTo("ftp://files.example/plan").Named("", casefile.ReasonProtocolError)),
	}
}

// endless redirects every path to a new one.
func endless() Behaviour {
	return server(func(r *Request) reply { return sends(http.StatusFound, "/next/"+strconv.FormatInt(r.Number, 10)) }).Named("endless", casefile.ReasonTooManyRedirects)
}
