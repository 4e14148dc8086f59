package fakenet

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// document is a whole HTML page with the site's marker in its head and in its text.
func document(title, body string) string {
	return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + html.EscapeString(title) +
		"</title><meta name=\"marker\" content=\"" + MarkerPlaceholder + "\"></head>\n<body>" + body + "</body></html>\n"
}

// text is a document of a heading and paragraphs.
func text(title string, paragraphs ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<h1>%s</h1>\n", html.EscapeString(title))
	for _, p := range paragraphs {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(p))
	}
	b.WriteString("<p>" + MarkerPlaceholder + "</p>\n")
	return document(title, b.String())
}

func page(status int, title string, paragraphs ...string) *Response {
	return NewResponse(status, nil, text(title, paragraphs...))
}

var (
	plainPage = Page("A page", "This is a harmless page for tests.")
	home      = page(http.StatusOK, "Welcome", "This is the start page of the site. Pick a section from the menu to read on.", "News. Archive. About us. Contact.")
	notFound  = page(http.StatusNotFound, "404 Not Found", "The requested page was not found on this server.")
)

// Page is the reported page, served.
func Page(title string, paragraphs ...string) Behaviour {
	return Static("served", page(http.StatusOK, title, paragraphs...)).Named("served", casefile.ReasonServed)
}

// Article is a page of about the size in bytes, of harmless words that differ with the seed.
func Article(seed, size int) Behaviour {
	var paragraphs []string
	for total := 0; total < size; {
		p := sentence(seed+total, 60)
		paragraphs = append(paragraphs, p)
		total += len(p) + 8
	}
	return Page("Article "+strconv.Itoa(seed), paragraphs...)
}

var words = strings.Fields(`river garden bicycle window teapot meadow lantern harbour pencil orchard valley market kitchen
blanket copper thunder village marble compass anchor willow candle bridge basket feather island mirror ladder pebble
saddle tunnel violin walnut barrel cottage dolphin engine falcon glacier hammer igloo jacket kettle lemon magnet needle`)

// sentence is count words, the same for the same seed.
func sentence(seed, count int) string {
	x := uint64(seed)*2654435761 + 12345
	var b strings.Builder
	for i := range count {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[x%uint64(len(words))])
	}
	return b.String() + "."
}

// OtherPage is another page at the same place: other words in another structure.
func OtherPage() Behaviour {
	var b strings.Builder
	b.WriteString("<h1>Timetable of the coastal railway</h1><table><thead><tr><th>Train</th><th>Leaves</th><th>Platform</th></tr></thead><tbody>\n")
	for i, stop := range strings.Fields("Northgate Eastholm Ferrypoint Greyrock Longsands Millbeck Oakhaven Pinecross Quayside Redcliff Southmoor Tidewater") {
		fmt.Fprintf(&b, "<tr><td>Express %d towards %s</td><td>%02d:%02d daily except Sundays</td><td>%d, change for %s junction</td></tr>\n", 100+7*i, stop, 6+i, (i*17)%60, 1+i%5, stop)
	}
	b.WriteString("</tbody></table><ul><li>Tickets are sold aboard.</li><li>Dogs travel free.</li><li>Winter service begins in November.</li></ul><p>" + MarkerPlaceholder + "</p>")
	return Static("", NewResponse(http.StatusOK, nil, document("Coastal railway timetable", b.String()))).
		Named("content_differs", casefile.ReasonContentDiffers)
}

// What is gone.

// NotFound is a true 404.
func NotFound() Behaviour {
	return Static("http_404", notFound).Named("http_404", casefile.ReasonHTTP404)
}

// Gone is a 410.
func Gone() Behaviour {
	return Static("", page(http.StatusGone, "410 Gone", "The requested page is no longer available on this server and there is no forwarding address.")).
		Named("http_410", casefile.ReasonHTTP410)
}

// Soft404 answers 200 with the same page for every path, without a tell-tale phrase.
func Soft404() Behaviour {
	p := page(http.StatusOK, "Our catalogue", "Have a look at what is new this week.", "Gardens, kitchens, bicycles and more.", "Use the search box to find what you are looking for.")
	return Static("", p).Named("soft_404", casefile.ReasonSoft404).AllPaths()
}

// Soft404Phrase is a Soft404 that says so in words.
func Soft404Phrase() Behaviour {
	return Static("", page(http.StatusOK, "Page not found", "Sorry, the page you are looking for could not be found.")).
		Named("soft_404_phrase", casefile.ReasonSoft404).AllPaths()
}

// Takedown is a notice in place of the page; its decoys are true 404s.
func Takedown() Behaviour {
	return Static("", page(http.StatusOK, "Content removed", "This content has been removed for violating our terms of service.", "It was taken down after a report.")).
		Named("takedown_page", casefile.ReasonTakedownPage)
}

// Suspended is a hosting provider's page on every path.
func Suspended() Behaviour {
	return Static("", page(http.StatusOK, "Account Suspended", "This account has been suspended.", "Contact your hosting provider for more information.")).
		Named("account_suspended", casefile.ReasonAccountSuspended).AllPaths()
}

// Parked is a domain parking page on every path.
func Parked() Behaviour {
	return Static("", page(http.StatusOK, "Domain parked", "This domain is for sale!", "This domain is parked free, courtesy of the registrar. Buy this domain.")).
		Named("parked", casefile.ReasonParked).AllPaths()
}

// Seized is a banner of an authority on every path.
func Seized() Behaviour {
	return Static("", page(http.StatusOK, "Domain seized", "This domain has been seized by law enforcement.", "This website has been seized pursuant to a warrant.")).
		Named("seized", casefile.ReasonSeized).AllPaths()
}

// Sinkholed answers as known sinkholes do, with a telling header.
func Sinkholed() Behaviour {
	h := http.Header{"X-Sinkhole": {"malware-sinkhole"}, "Server": {"sinkhole"}}
	return Static("", NewResponse(http.StatusOK, h, document("", ""))).Named("sinkholed", casefile.ReasonSinkholed).AllPaths()
}

// RedirectHome sends the page's visitors to the start page.
func RedirectHome() Behaviour {
	return RedirectTo("/").Named("redirected_home", casefile.ReasonRedirectedHome)
}

// RedirectTo answers 302 with the Location; an absolute URL of a site of the net works on every kind of socket.
func RedirectTo(to string) Behaviour {
	return RedirectWith(http.StatusFound, to).Named("redirected_elsewhere", casefile.ReasonRedirectedElsewhere)
}

// RedirectWith answers with a status of 3xx and the Location.
func RedirectWith(status int, to string) Behaviour {
	return Behaviour{Name: "redirect", Answer: func(w http.ResponseWriter, r *Request) { r.Redirect(w, status, to) }}
}

// NXDomain takes the name out of the DNS.
func NXDomain() Behaviour {
	return Behaviour{DNS: &DNS{Kind: DNSNXDomain}}.Named("nxdomain", casefile.ReasonNXDomain)
}

// DomainHold is NXDomain by the registry: the domain shows clientHold.
func DomainHold() Behaviour {
	b := NXDomain().Named("domain_hold", casefile.ReasonDomainHold)
	b.DomainStatus = []string{"clientHold", "clientTransferProhibited"}
	return b
}

// What is withheld.

const loginForm = `<h1>Sign in</h1><form method="post" action="/login"><label>User <input name="user"></label>
<label>Password <input type="password" name="password"></label><button>Log in</button></form><p>` + MarkerPlaceholder + `</p>`

// Login shows a form with a password on every path.
func Login() Behaviour {
	return Static("", NewResponse(http.StatusOK, nil, document("Log in", loginForm))).Named("login", casefile.ReasonLogin).AllPaths()
}

// LoginRedirect sends visitors to /login, which shows a form.
func LoginRedirect() Behaviour {
	form := NewResponse(http.StatusOK, nil, document("Log in", loginForm))
	return Behaviour{Extra: []string{"/login"}, Answer: func(w http.ResponseWriter, r *Request) {
		if r.URL.Path == "/login" {
			form.Write(w, r)
			return
		}
		r.Redirect(w, http.StatusFound, "/login?next="+r.URL.Path)
	}}.Named("login_redirect", casefile.ReasonLogin)
}

// Unauthorized is a 401 with a challenge for a password.
func Unauthorized() Behaviour {
	h := http.Header{"Www-Authenticate": {`Basic realm="members"`}}
	return Static("", NewResponse(http.StatusUnauthorized, h, text("401 Unauthorized", "This area needs a password."))).
		Named("unauthorized", casefile.ReasonLogin).AllPaths()
}

// PaymentRequired is a 402.
func PaymentRequired() Behaviour {
	return Static("", page(http.StatusPaymentRequired, "Payment required", "This page needs a subscription.")).
		Named("payment_required", casefile.ReasonPayment)
}

// Paywall is a 200 that asks for a premium account.
func Paywall() Behaviour {
	return Static("", page(http.StatusOK, "Premium members only", "Subscribe to continue reading.", "A premium account is required to view this page.")).
		Named("paywall", casefile.ReasonPayment)
}

// Challenge is an edge's bot challenge: 403, cf-mitigated and a page of script.
func Challenge() Behaviour {
	h := http.Header{"Cf-Mitigated": {"challenge"}, "Server": {"cloudflare"}}
	body := document("Just a moment...", `<noscript>Enable JavaScript and cookies to continue</noscript><script src="/cdn-cgi/challenge-platform/scripts/x.js"></script>`)
	return Static("", NewResponse(http.StatusForbidden, h, body)).Named("challenge", casefile.ReasonChallenge).AllPaths()
}

// ConsentWall asks for agreement to cookies instead of the page.
func ConsentWall() Behaviour {
	return Static("", NewResponse(http.StatusOK, nil, document("Before you continue",
		`<h1>Before you continue</h1><p>We use cookies. Please accept cookies to continue to the site.</p><form action="/consent" method="post"><button>Accept all</button><button>Reject all</button></form><p>`+MarkerPlaceholder+`</p>`))).
		Named("consent", casefile.ReasonConsent).AllPaths()
}

// AgeWall asks for the visitor's age instead of the page.
func AgeWall() Behaviour {
	return Static("", NewResponse(http.StatusOK, nil, document("Age verification",
		`<h1>Age verification</h1><p>You must be 18 years or older to enter. Please confirm your age.</p><form action="/enter" method="post"><button>I am 18 or older</button><button>Leave</button></form><p>`+MarkerPlaceholder+`</p>`))).
		Named("age_wall", casefile.ReasonConsent).AllPaths()
}

// AppShell is the same empty application shell on every path.
func AppShell() Behaviour {
	return Static("", NewResponse(http.StatusOK, nil, document("App",
		`<div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript><script src="/static/js/runtime.js"></script><script src="/static/js/vendor.js"></script><script src="/static/js/main.js"></script>`))).
		Named("script_required", casefile.ReasonScriptRequired).AllPaths()
}

// Forbidden is a bare 403.
func Forbidden() Behaviour {
	return Static("", page(http.StatusForbidden, "403 Forbidden", "You do not have permission to access this resource.")).
		Named("forbidden", casefile.ReasonForbidden).AllPaths()
}

// RateLimited is a 429 with Retry-After in seconds; without the header when zero.
func RateLimited(after time.Duration) Behaviour {
	h := http.Header{}
	if after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(after/time.Second)))
	}
	return Static("", NewResponse(http.StatusTooManyRequests, h, text("429 Too Many Requests", "Please slow down."))).
		Named("rate_limited", casefile.ReasonRateLimited).AllPaths()
}

// LegalBlock is a 451.
func LegalBlock() Behaviour {
	return Static("", page(http.StatusUnavailableForLegalReasons, "451 Unavailable For Legal Reasons", "This page is not shown here because of a legal demand.")).
		Named("legal_block", casefile.ReasonLegalBlock)
}

// GeoBlock hides seen from visitors of the countries behind a page of 403.
func GeoBlock(seen Behaviour, countries ...string) Behaviour {
	blocked := page(http.StatusForbidden, "Not available", "This content is not available in your country.", "Access from your region is blocked.")
	return seen.hidden(func(r *Request) bool { return slices.Contains(countries, r.Vantage.Country) }, blocked.Write).
		Named("geo_block", "")
}

// GeoBlockAll is the page of a GeoBlock for everybody.
func GeoBlockAll() Behaviour {
	return Static("", page(http.StatusForbidden, "Not available", "This content is not available in your country.", "Access from your region is blocked.")).
		Named("geo_block", casefile.ReasonGeoBlock)
}

// GeoAbsent shows seen to visitors of the countries, and a true 404 to all others.
func GeoAbsent(seen Behaviour, countries ...string) Behaviour {
	return seen.hidden(func(r *Request) bool { return !slices.Contains(countries, r.Vantage.Country) }, notFound.Write).
		Named("geo_absent", "")
}

// ReferrerGated shows seen only to visitors who come from a URL with the prefix.
func ReferrerGated(seen Behaviour, prefix string) Behaviour {
	gate := page(http.StatusForbidden, "Hotlinking", "Direct access is not allowed.", "Hotlinking is not permitted. Please visit this page from its referring site.")
	return seen.hidden(func(r *Request) bool { return !strings.HasPrefix(r.Referer(), prefix) }, gate.Write).
		Named("referrer_required", casefile.ReasonReferrerRequired)
}

// LinkExpired is the answer of a signed link that is over.
func LinkExpired() Behaviour {
	return Static("", page(http.StatusForbidden, "Link expired", "This link has expired.", "Request has expired. Ask for a new link.")).
		Named("link_expired", casefile.ReasonLinkExpired)
}

// hidden answers with instead when the condition holds, else as b.
func (b Behaviour) hidden(when func(*Request) bool, instead func(http.ResponseWriter, *Request)) Behaviour {
	shown := b.Answer
	if shown == nil {
		shown = plainPage.Answer
	}
	b.Answer = func(w http.ResponseWriter, r *Request) {
		if when(r) {
			instead(w, r)
			return
		}
		shown(w, r)
	}
	return b
}

// Edge adds the headers that give away an edge's name.
func (b Behaviour) Edge(header http.Header) Behaviour {
	shown := b.Answer
	if shown == nil {
		shown = plainPage.Answer
	}
	b.Answer = func(w http.ResponseWriter, r *Request) {
		for k, v := range header {
			w.Header()[http.CanonicalHeaderKey(k)] = v
		}
		shown(w, r)
	}
	return b
}
