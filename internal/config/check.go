package config

import (
	"fmt"
	"maps"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vigil/casefile"
	"vigil/internal/email"
)

// check finds every value out of its range: first what the check tags of the keys say,
// then what keys must be to each other. It looks at values only: whether a file or
// server is there is doctor's question.
func (c Config) check() []string {
	var f faultList
	f.fields("", reflect.ValueOf(c))
	f.database(c.Database)
	f.vantages(c.Crawler.Vantages)
	f.geolocate(c.Geolocate)
	f.scheduler(c.Scheduler)
	f.gate(c)
	for _, s := range c.Resolver.Servers {
		if _, err := netip.ParseAddrPort(s); err != nil {
			f.add("resolver.servers", "%q is no address and port: write for example 192.0.2.53:53", s)
		}
	}
	if c.Notices.Send && c.Notices.From == "" {
		f.add("notices.from", "is needed to send: the address that hotlines and providers answer to")
	}
	if v := c.Vantage; v.Listen != "" {
		if v.Name == "" {
			f.add("vantage.name", "give the name that the owner's crawler.vantages has for this remote vantage")
		}
		f.credentials("vantage", v.CA, v.Cert, v.Key)
	}
	return f
}

type faultList []string

func (f *faultList) add(key, format string, args ...any) {
	*f = append(*f, key+": "+fmt.Sprintf(format, args...))
}

// fields checks the fields of a struct, and of those inside it, by their tags: a rule
// and what it needs, as in `check:"hostport 127.0.0.1:25"`. With a question mark before
// it the rule is for values that are set.
func (f *faultList) fields(prefix string, v reflect.Value) {
	for i := range v.NumField() {
		value, tags := v.Field(i), v.Type().Field(i).Tag
		key := prefix + tags.Get("koanf")
		switch name, arg, _ := strings.Cut(tags.Get("check"), " "); {
		case name == "" || name[0] == '?' && value.IsZero():
		case name == "range":
			f.inRange(key, value, arg)
		default:
			if rule := rules[strings.TrimPrefix(name, "?")]; !rule.good(value.String(), arg) {
				f.add(key, "%s", strings.NewReplacer("VALUE", strconv.Quote(value.String()), "ARG", arg).Replace(rule.say))
			}
		}
		switch {
		case value.Kind() == reflect.Struct:
			f.fields(key+".", value)
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
			for j := range value.Len() {
				f.fields(fmt.Sprintf("%s[%d].", key, j), value.Index(j))
			}
		}
	}
}

// rules are the checks of texts, with what is said of one that fails: VALUE and ARG
// stand for it and for what the tag gives. A value that may hold a password is not repeated.
var rules = map[string]struct {
	good func(s, arg string) bool
	say  string
}{
	"oneof": {func(s, arg string) bool { return slices.Contains(strings.Split(arg, ", "), s) }, "VALUE is none of ARG"},
	"country": {
		func(s, _ string) bool { return casefile.Country(s) == s },
		"VALUE is no ISO 3166-1 country code: two capital letters, for example NL",
	},
	"hostport": {func(s, _ string) bool { return isHostPort(s) }, "VALUE is no host and port: write for example ARG"},
	"server":   {func(s, _ string) bool { return isHostPort(s) }, "ARG"},
	"listen": {
		func(s, _ string) bool { _, err := net.ResolveTCPAddr("tcp", s); return err == nil },
		"VALUE is no address and port: write for example ARG",
	},
	"url":     {func(s, _ string) bool { return isWeb(s) }, "ARG"},
	"openurl": {func(s, _ string) bool { return isOpenWeb(s) }, "ARG"},
	"file":    {func(s, _ string) bool { return s != "" }, "ARG"},
	"line": {
		func(s, arg string) bool { return bounded(s, arg) && !strings.ContainsFunc(s, unicode.IsControl) },
		"must be one line of at most ARG bytes",
	},
	"name":  {func(s, _ string) bool { return s != "" && len(s) <= 60 }, "ARG"},
	"bytes": {bounded, "must have at most ARG bytes"},
	"ascii": {func(s, _ string) bool { return s != "" && isASCII(s) }, "must be one line of printable ASCII"},
	"word": {
		func(s, arg string) bool { return bounded(s, arg) && isASCII(s) && !strings.Contains(s, " ") },
		"must be one word of printable ASCII, of at most ARG bytes",
	},
	"digits": {func(s, _ string) bool { return strings.Trim(s, "0123456789") == "" }, "ARG"},
	"digest": {func(s, _ string) bool { return hexDigest.MatchString(s) || isOpenWeb(s) }, "ARG"},
	"mailbox": {
		func(s, _ string) bool { _, err := email.ParseMailbox(s); return err == nil },
		`must be one mailbox, such as "Hotline <desk@hotline.example>"`,
	},
}

var hexDigest = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// bounded says whether s has at most so many bytes.
func bounded(s, most string) bool {
	n, err := strconv.Atoi(most)
	return err == nil && len(s) <= n
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func isHostPort(s string) bool {
	_, _, err := net.SplitHostPort(s)
	return err == nil
}

// inRange is for times, sizes and numbers, and for how many entries a list has.
func (f *faultList) inRange(key string, v reflect.Value, bounds string) {
	if v.Kind() == reflect.Slice {
		v = reflect.ValueOf(v.Len())
	}
	least, most, _ := strings.Cut(bounds, " ")
	x := amount(fmt.Sprint(v))
	if !(x >= amount(least) && x <= amount(most)) {
		f.add(key, "%v is out of range: from %s to %s", v, least, most)
	}
}

// amount reads a number, a time or a size; NaN for what is none.
func amount(s string) float64 {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return n
	}
	if d, err := time.ParseDuration(s); err == nil {
		return float64(d)
	}
	var size Size
	if size.UnmarshalText([]byte(s)) == nil {
		return float64(size)
	}
	return math.NaN()
}

// isWeb says whether s is an http or https URL.
func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// isOpenWeb says whether s is such a URL without a name and password, and without a fragment.
func isOpenWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isWeb(s) && u.User == nil && u.Fragment == ""
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

func (f *faultList) vantages(vantages []Vantage) {
	seen := map[string]bool{}
	for i, v := range vantages {
		key := fmt.Sprintf("crawler.vantages[%d]", i)
		if seen[v.Name] && v.Name != "" {
			f.add(key+".name", "%q is there twice", v.Name)
		}
		seen[v.Name] = true
		if v.Remote != (Remote{}) {
			if !isHostPort(v.Remote.Address) {
				f.add(key+".eye.address", "%q is no host and port: write for example 192.0.2.7:8443", v.Remote.Address)
			}
			f.credentials(key+".eye", v.Remote.CA, v.Remote.Cert, v.Remote.Key)
			if v.Proxy != "" {
				f.add(key+".eye", "does not go together with proxy: a remote vantage looks over its own uplink")
			}
		}
		if v.Proxy == "" {
			continue
		}
		u, err := url.Parse(v.Proxy)
		if err != nil || u.Scheme != "socks5" && u.Scheme != "http" {
			f.add(key+".proxy", "must be socks5://ip:port or http://ip:port")
		} else if _, err := netip.ParseAddrPort(u.Host); err != nil {
			f.add(key+".proxy", "must name an address and a port, for example socks5://192.0.2.1:1080")
		}
	}
}

func (f *faultList) credentials(key, ca, cert, own string) {
	if ca == "" || cert == "" || own == "" {
		f.add(key, "name the PEM files ca, cert and key: `vigil vantage keys DIR` makes them")
	}
}

// geolocate checks what goes together. No value is repeated that may hold a token.
func (f *faultList) geolocate(g Geolocate) {
	for i, d := range g.Databases {
		key := fmt.Sprintf("geolocate.databases[%d]", i)
		if d.Source != "" && d.URL != "" {
			f.add(key, "has a source and a url: give one of them")
		}
		if d.SHA256 != "" && !d.Awaited() {
			f.add(key+".sha256", "is for a download: give a source or a url too")
		}
	}
	if m := g.MaxMind; (m.Account == "") != (m.Key == "") {
		f.add("geolocate.maxmind", "account and key go together: give both or neither")
	}
	o := g.Origin
	if len(o.Name) > 60 || strings.ContainsFunc(o.Name, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }) {
		f.add("geolocate.origin.name", "must be at most 60 bytes without spaces: it stands in claims")
	}
	if o.URL == "" && (o.Token != "" || o.Name != "") {
		f.add("geolocate.origin", "has a name or a token, but no url: give the url, or leave all empty")
	}
}

func (f *faultList) scheduler(s Scheduler) {
	if s.MaxGap < s.FirstGap {
		f.add("scheduler.max_gap", "%v is shorter than first_gap (%v)", s.MaxGap, s.FirstGap)
	}
	for i, d := range s.Aftercare {
		if d <= 0 || i > 0 && d <= s.Aftercare[i-1] {
			f.add("scheduler.aftercare", "must grow: %v at place %d does not", d, i+1)
		}
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
			if !isWeb(t) {
				f.add(key, "an entry is no http or https URL")
			}
		}
	}
}
