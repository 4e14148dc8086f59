package config

import (
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// check finds every value out of its range. It looks at values only: whether a
// file or server is there is doctor's question.
func (c Config) check() []string {
	var f faultList
	f.database(c.Database)
	f.crawler(c.Crawler)
	f.geolocate(c.Geolocate)
	f.scheduler(c.Scheduler)
	f.notices(c.Notices)
	f.eyeServer(c.Vantage)
	for _, s := range c.Resolver.Servers {
		if _, err := netip.ParseAddrPort(s); err != nil {
			f.add("resolver.servers", "%q is no address and port: write for example 192.0.2.53:53", s)
		}
	}
	f.between("resolver.timeout", c.Resolver.Timeout, 100*time.Millisecond, time.Minute)
	f.gate(c)
	if _, err := net.ResolveTCPAddr("tcp", c.Web.Listen); err != nil {
		f.add("web.listen", "%q is no address and port: write for example 127.0.0.1:8080", c.Web.Listen)
	}
	if c.Seal.KeyFile == "" {
		f.add("seal.key_file", "name the file with the keys, for example vigil.key")
	}
	f.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	f.oneOf("log.format", c.Log.Format, "json", "console")
	return f
}

type faultList []string

func (f *faultList) add(key, format string, args ...any) {
	*f = append(*f, key+": "+fmt.Sprintf(format, args...))
}

func (f *faultList) between(key string, d, least, most time.Duration) {
	if d < least || d > most {
		f.add(key, "%v is out of range: from %v to %v", d, least, most)
	}
}

func (f *faultList) count(key string, n, least, most int) {
	if n < least || n > most {
		f.add(key, "%d is out of range: from %d to %d", n, least, most)
	}
}

func (f *faultList) oneOf(key, value string, words ...string) {
	if !slices.Contains(words, value) {
		f.add(key, "%q is none of %s", value, strings.Join(words, ", "))
	}
}

func (f *faultList) country(key, code string) {
	if code != "" && (len(code) != 2 || code != strings.ToUpper(code)) {
		f.add(key, "%q is no ISO 3166-1 country code: two capital letters, for example NL", code)
	}
}

func (f *faultList) database(d Database) {
	path, sqlite := strings.CutPrefix(d.URL, "sqlite:")
	switch {
	case sqlite && path == "":
		f.add("database.url", "names no file: write for example sqlite:vigil.db")
	case sqlite, strings.HasPrefix(d.URL, "postgres://"), strings.HasPrefix(d.URL, "postgresql://"):
	default: // the value may hold a password: it is not repeated
		f.add("database.url", "must begin with sqlite: or postgres://")
	}
}

func (f *faultList) crawler(c Crawler) {
	f.between("crawler.timeout", c.Timeout, time.Second, 5*time.Minute)
	f.between("crawler.per_host_gap", c.PerHostGap, 0, time.Hour)
	if c.MaxBody < 1<<10 || c.MaxBody > 64<<20 {
		f.add("crawler.max_body", "%v is out of range: from 1KiB to 64MiB", c.MaxBody)
	}
	f.count("crawler.max_redirects", c.MaxRedirects, 0, 50)
	f.count("crawler.in_flight", c.InFlight, 1, 10_000)
	if c.UserAgent == "" || strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		f.add("crawler.user_agent", "must be one line of printable ASCII")
	}
	f.count("crawler.vantages", len(c.Vantages), 1, 16)
	seen := map[string]bool{}
	for i, v := range c.Vantages {
		key := fmt.Sprintf("crawler.vantages[%d]", i)
		if v.Name == "" || len(v.Name) > 60 {
			f.add(key+".name", "give each vantage a name of 1 to 60 bytes")
		} else if seen[v.Name] {
			f.add(key+".name", "%q is there twice", v.Name)
		}
		seen[v.Name] = true
		f.country(key+".country", v.Country)
		f.eye(key+".eye", v)
		if v.Proxy == "" {
			continue
		}
		u, err := url.Parse(v.Proxy)
		if err != nil || u.Scheme != "socks5" && u.Scheme != "http" {
			f.add(key+".proxy", "must be socks5://ip:port or http://ip:port")
			continue
		}
		if _, err := netip.ParseAddrPort(u.Host); err != nil {
			f.add(key+".proxy", "must name an address and a port, for example socks5://192.0.2.1:1080")
		}
	}
}

func (f *faultList) geolocate(g Geolocate) {
	for i, d := range g.Databases {
		key := fmt.Sprintf("geolocate.databases[%d]", i)
		f.oneOf(key+".kind", d.Kind, "country", "asn")
		if d.Path == "" {
			f.add(key+".path", "name the file")
		}
		f.download(key, d)
	}
	if m := g.MaxMind; (m.Account == "") != (m.Key == "") {
		f.add("geolocate.maxmind", "account and key go together: give both or neither")
	} else if strings.ContainsFunc(m.Account, func(r rune) bool { return r < '0' || r > '9' }) {
		f.add("geolocate.maxmind.account", "is no account number: digits only, as MaxMind shows it")
	}
	if b := g.RDAP.Bootstrap; b != "" {
		if u, err := url.Parse(b); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			f.add("geolocate.rdap.bootstrap", "must be an http or https URL, or empty for no RDAP")
		}
	}
	f.origin(g.Origin)
	f.between("geolocate.network_ttl", g.NetworkTTL, time.Minute, 720*time.Hour)
	f.between("geolocate.domain_ttl", g.DomainTTL, time.Minute, 720*time.Hour)
	f.count("geolocate.waiting", g.Waiting, 1, 10_000)
	f.count("geolocate.processes", g.Processes, 1, 100)
	if !(g.PerSecond >= 0.1 && g.PerSecond <= 1000) {
		f.add("geolocate.per_second", "%v is out of range: from 0.1 to 1000", g.PerSecond)
	}
	if s := g.WHOIS.Server; s != "" {
		if _, _, err := net.SplitHostPort(s); err != nil {
			f.add("geolocate.whois.server", "must be host:port, or empty for no WHOIS")
		}
	}
}

// origin checks the look-up of origins. Neither URL nor token is repeated.
func (f *faultList) origin(o Origin) {
	if u, err := url.Parse(o.URL); o.URL != "" && (err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https") {
		f.add("geolocate.origin.url", "must be an https URL, without a name and password in it, or empty for no look-up of origins")
	}
	if len(o.Name) > 60 || strings.ContainsFunc(o.Name, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }) {
		f.add("geolocate.origin.name", "must be at most 60 bytes without spaces: it stands in claims")
	}
	if len(o.Token) > 4096 || strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		f.add("geolocate.origin.token", "must be one word of printable ASCII, of at most 4096 bytes")
	}
	if o.URL == "" && (o.Token != "" || o.Name != "") {
		f.add("geolocate.origin", "has a name or a token, but no url: give the url, or leave all empty")
	}
}

var hexDigest = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// download checks where a database comes from. No value is repeated that may hold a token.
func (f *faultList) download(key string, d GeoDatabase) {
	if d.Source != "" && d.URL != "" {
		f.add(key, "has a source and a url: give one of them")
	}
	if u, err := url.Parse(d.URL); d.URL != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https") {
		f.add(key+".url", "must be an https URL, without a name and password in it")
	}
	if d.SHA256 != "" && !hexDigest.MatchString(d.SHA256) {
		if u, err := url.Parse(d.SHA256); err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			f.add(key+".sha256", "must be 64 hexadecimal digits, or the https URL of a file that begins with them")
		}
	}
	if d.SHA256 != "" && !d.Awaited() {
		f.add(key+".sha256", "is for a download: give a source or a url too")
	}
	for name, text := range map[string]string{"licence": d.Licence, "attribution": d.Attribution} {
		if len(text) > 200 || strings.ContainsFunc(text, unicode.IsControl) {
			f.add(key+"."+name, "must be one line of at most 200 bytes")
		}
	}
}

func (f *faultList) scheduler(s Scheduler) {
	const year = 365 * 24 * time.Hour
	f.between("scheduler.first_gap", s.FirstGap, 10*time.Millisecond, year)
	f.between("scheduler.max_gap", s.MaxGap, 10*time.Millisecond, year)
	if s.MaxGap < s.FirstGap {
		f.add("scheduler.max_gap", "%v is shorter than first_gap (%v)", s.MaxGap, s.FirstGap)
	}
	if !(s.Growth >= 0 && s.Growth <= 10) {
		f.add("scheduler.growth", "%v is out of range: from 0 to 10", s.Growth)
	}
	f.count("scheduler.confirm.verdicts", s.Confirm.Verdicts, 2, 20)
	f.between("scheduler.confirm.span", s.Confirm.Span, 10*time.Millisecond, year)
	f.between("scheduler.unavailable_after", s.UnavailableAfter, 10*time.Millisecond, year)
	f.count("scheduler.aftercare", len(s.Aftercare), 1, 50)
	for i, d := range s.Aftercare {
		if d <= 0 || i > 0 && d <= s.Aftercare[i-1] {
			f.add("scheduler.aftercare", "must grow: %v at place %d does not", d, i+1)
		}
	}
	f.count("scheduler.rounds", s.Rounds, 1, 10_000)
	f.between("scheduler.feed_every", s.FeedEvery, 50*time.Millisecond, time.Minute)
	f.between("scheduler.hosting_ttl", s.HostingTTL, time.Second, 30*24*time.Hour)
}

func (f *faultList) notices(n Notices) {
	if n.From != "" {
		if _, err := mail.ParseAddress(n.From); err != nil {
			f.add("notices.from", "%q is no mail address", n.From)
		}
	} else if n.Send {
		f.add("notices.from", "is needed to send: the address that hotlines and providers answer to")
	}
	f.country("notices.country", n.Country)
	if _, _, err := net.SplitHostPort(n.SMTP.Address); err != nil {
		f.add("notices.smtp.address", "%q is no host and port: write for example 127.0.0.1:25", n.SMTP.Address)
	}
	f.oneOf("notices.smtp.tls", n.SMTP.TLS, "opportunistic", "required", "none")
	if strings.ContainsAny(n.Organisation, "\r\n") || len(n.Organisation) > 200 {
		f.add("notices.organisation", "must be one line of at most 200 bytes")
	}
}

// gate examines the control URLs; they are not quoted.
func (f *faultList) gate(c Config) {
	lists := map[string][]string{"gate.targets": c.Gate.Targets}
	for vantage, list := range c.Gate.PerVantage {
		key := "gate.per_vantage." + vantage
		lists[key] = list
		if !slices.ContainsFunc(c.Crawler.Vantages, func(v Vantage) bool { return v.Name == vantage }) {
			f.add(key, "there is no such vantage in crawler.vantages")
		}
		if len(list) == 0 {
			f.add(key, "name at least one URL, or leave the vantage out: then gate.targets hold for it")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		for _, t := range lists[key] {
			if u, err := url.Parse(t); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				f.add(key, "an entry is no http or https URL")
			}
		}
	}
}
