package fetch

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// Bounds of header facts.
const (
	maxHeaderFact = 100 // bytes
	maxRetryAfter = 24 * time.Hour
)

// readHop takes the facts that a judge needs from the headers.
func readHop(hop *casefile.Hop, h http.Header) {
	_, hop.Location = h["Location"]
	hop.Location = hop.Location && strings.TrimSpace(h.Get("Location")) != ""
	hop.MediaType = mediaType(h.Get("Content-Type"))
	hop.Server = printable(h.Get("Server"))
	hop.Edge = edgeOf(h)
	hop.Challenge = headerMarks(h).has(casefile.MarkerChallenge)
	hop.RetryAfter = retryAfter(h.Get("Retry-After"), time.Now())
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		hop.Date = date.UTC()
	}
}

// mediaType is the type/subtype, in lower case and without parameters; text that
// is no media type gives "".
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	if len(t) > maxHeaderFact || strings.Count(t, "/") != 1 || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return t
}

// printable keeps at most maxHeaderFact printable ASCII characters.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), 4*maxHeaderFact)])
	return strings.TrimSpace(s[:min(len(s), maxHeaderFact)])
}

// retryAfter reads seconds or an HTTP date (RFC 9110, section 10.2.3), 0 to 24 h.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// headerTrait is a header that says something of an answer.
type headerTrait[T any] struct {
	name string // canonical; with a star in front, a part of the name in lower case
	part string // of the value, in lower case; empty when the presence is enough
	says T
}

func (s *headerTrait[T]) in(h http.Header) bool {
	part, wild := strings.CutPrefix(s.name, "*")
	if wild {
		for name, values := range h {
			if strings.Contains(strings.ToLower(name), part) && s.fits(values) {
				return true
			}
		}
		return false
	}
	values, present := h[s.name]
	return present && s.fits(values)
}

func (s *headerTrait[T]) fits(values []string) bool {
	return s.part == "" || slices.ContainsFunc(values, func(v string) bool { return strings.Contains(strings.ToLower(v), s.part) })
}

// giveaways are headers that edges and platforms add to what passes through them, from their own
// documentation and answers, November 2026. The first that fits wins: edges stand before the platforms that
// may be behind them. The names are those of the header rows in geolocate/edges.csv and
// geolocate/platforms.csv.
var giveaways = []headerTrait[string]{
	{"Cf-Ray", "", "cloudflare"}, {"Server", "cloudflare", "cloudflare"},
	{"X-Amz-Cf-Id", "", "cloudfront"}, {"Via", "cloudfront", "cloudfront"},
	{"X-Fastly-Request-Id", "", "fastly"}, {"X-Served-By", "cache-", "fastly"},
	{"Server", "akamaighost", "akamai"}, {"Server", "akamainetstorage", "akamai"},
	{"X-Akamai-Transformed", "", "akamai"}, {"Akamai-Grn", "", "akamai"},
	{"Server", "bunnycdn", "bunny"}, {"Cdn-Pullzone", "", "bunny"},
	{"Server", "ddos-guard", "ddos-guard"},
	{"X-Sucuri-Id", "", "sucuri"}, {"Server", "sucuri", "sucuri"},
	{"X-Iinfo", "", "imperva"}, {"X-Cdn", "imperva", "imperva"}, {"X-Cdn", "incapsula", "imperva"},
	{"X-Azure-Ref", "", "azure-front-door"},
	{"Server", "keycdn", "keycdn"}, {"X-77-Nzt", "", "cdn77"}, {"Server", "cdn77", "cdn77"},
	{"Server", "qrator", "qrator"}, {"X-Id-Fe", "", "gcore"}, {"Server", "stormwall", "stormwall"}, {"Server", "variti", "variti"},
	{"Eo-Log-Uuid", "", "edgeone"}, {"Server", "tencentedgeone", "edgeone"}, {"X-Nws-Log-Uuid", "", "tencent-cdn"},
	{"Eagleid", "", "alibaba-cdn"}, {"X-Hcs-Proxy-Type", "", "huawei-cdn"},
	{"X-Ws-Request-Id", "", "wangsu"}, {"Server", "yunjiasu", "baidu-yunjiasu"},
	{"Server", "arvancloud", "arvancloud"}, {"Ar-Sid", "", "arvancloud"},
	{"Server", "volt-adc", "f5-xc"}, {"Server", "reblaze", "reblaze"},
	{"Server", "rhino-core-shield", "reblaze"}, {"Server", "myracloud", "myra"},
	{"Server", "mncdn", "medianova"}, {"Section-Io-Id", "", "section"}, {"X-Qc-Pop", "", "quic-cloud"}, {"Server", "gocache", "gocache"},
	{"Server", "ecacc (", "edgecast"}, {"Server", "ecs (", "edgecast"}, {"Server", "ecd (", "edgecast"}, {"X-Hw", "", "stackpath"},
	{"Via", "1.1 google", "google"},
	{"X-Vercel-Id", "", "vercel"}, {"X-Nf-Request-Id", "", "netlify"}, {"X-Github-Request-Id", "", "github-pages"},
	{"Fly-Request-Id", "", "fly"}, {"Via", "heroku-router", "heroku"}, {"Via", "vegur", "heroku"},
	{"X-Wix-Request-Id", "", "wix"}, {"Server", "squarespace", "squarespace"},
	{"X-Tumblr-User", "", "tumblr"}, {"Host-Header", "wordpress.com", "wordpress-com"},
	{"Server", "amazons3", "amazon-s3"}, {"X-Guploader-Uploadid", "", "google-cloud-storage"}, {"Server", "windows-azure-blob", "azure-blob"},
}

// EdgeNames are all values of casefile.Hop.Edge but the empty one, sorted.
func EdgeNames() []string {
	names := make([]string, 0, len(giveaways))
	for _, g := range giveaways {
		names = append(names, g.says)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// edgeOf is the name of the edge or platform that the headers give away, or "".
func edgeOf(h http.Header) string {
	for i := range giveaways {
		if giveaways[i].in(h) {
			return giveaways[i].says
		}
	}
	return ""
}
