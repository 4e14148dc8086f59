package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMessages: each key that can be out of its range says its name, what is wrong, and
// what to write.
func TestMessages(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	for file, want := range map[string][]string{
		"database: {url: 'sqlite:'}":        {"database.url: names no file: write for example sqlite:vigil.db"},
		"database: {url: 'mysql://secret'}": {"database.url: must begin with sqlite: or postgres://"},
		"resolver: {servers: ['192.0.2.53:53', '192.0.2.53', 'dns.example:53'], timeout: 2m}": {
			`resolver.servers: "192.0.2.53" is no address and port: write for example 192.0.2.53:53`,
			`resolver.servers: "dns.example:53" is no address and port: write for example 192.0.2.53:53`,
			"resolver.timeout: 2m0s is out of range: from 100ms to 1m",
		},
		"crawler: {timeout: 10ms, per_host_gap: 2h, max_body: 1B, max_redirects: 51, in_flight: 0, vantages: []}": {
			"crawler.in_flight: 0 is out of range: from 1 to 10000",
			"crawler.max_body: 1B is out of range: from 1KiB to 64MiB",
			"crawler.max_redirects: 51 is out of range: from 0 to 50",
			"crawler.per_host_gap: 2h0m0s is out of range: from 0s to 1h",
			"crawler.timeout: 10ms is out of range: from 1s to 5m",
			"crawler.vantages: 0 is out of range: from 1 to 16",
		},
		"crawler: {user_agent: ''}":        {"crawler.user_agent: must be one line of printable ASCII"},
		"crawler: {user_agent: Vïgil}":     {"crawler.user_agent: must be one line of printable ASCII"},
		"crawler: {user_agent: \"a\\nb\"}": {"crawler.user_agent: must be one line of printable ASCII"},
		"crawler: {vantages: [{name: ''}, {name: " + long + "}]}": {
			"crawler.vantages[0].name: give each vantage a name of 1 to 60 bytes", "crawler.vantages[1].name: give each vantage a name of 1 to 60 bytes",
		},
		"crawler: {vantages: [{name: a}, {name: a, country: nl}]}": {
			`crawler.vantages[1].country: "nl" is no ISO 3166-1 country code: two capital letters, for example NL`,
			`crawler.vantages[1].name: "a" is there twice`,
		},
		"crawler: {vantages: [{name: a, proxy: 'ftp://192.0.2.1:1'}, {name: b, proxy: 'socks5://proxy.example:1080'}, {name: c, proxy: 'http://192.0.2.1:3128'}]}": {
			"crawler.vantages[0].proxy: must be socks5://ip:port or http://ip:port",
			"crawler.vantages[1].proxy: must name an address and a port, for example socks5://192.0.2.1:1080",
		},
		"crawler: {vantages: [{name: a, proxy: 'http://192.0.2.1:3128', eye: {address: '192.0.2.7'}}]}": {
			`crawler.vantages[0].eye.address: "192.0.2.7" is no host and port: write for example 192.0.2.7:8443`,
			"crawler.vantages[0].eye: does not go together with proxy: a remote vantage looks over its own uplink",
			"crawler.vantages[0].eye: name the PEM files ca, cert and key: `vigil vantage keys DIR` makes them",
		},
		"geolocate: {databases: [{kind: city}]}": {
			`geolocate.databases[0].kind: "city" is none of country, asn`, "geolocate.databases[0].path: name the file",
		},
		"geolocate: {databases: [{kind: asn, path: a, source: s, url: 'https://u:p@h.example/', sha256: abc, licence: " + long + ", attribution: \"a\\nb\"}]}": {
			"geolocate.databases[0].attribution: must be one line of at most 200 bytes",
			"geolocate.databases[0].licence: must be one line of at most 200 bytes",
			"geolocate.databases[0].sha256: must be 64 hexadecimal digits, or the https URL of a file that begins with them",
			"geolocate.databases[0].url: must be an https URL, without a name and password in it",
			"geolocate.databases[0]: has a source and a url: give one of them",
		},
		"geolocate: {databases: [{kind: asn, path: a, sha256: 'https://h.example/sum'}]}": {"geolocate.databases[0].sha256: is for a download: give a source or a url too"},
		"geolocate: {maxmind: {account: '12'}}":                                           {"geolocate.maxmind: account and key go together: give both or neither"},
		"geolocate: {maxmind: {account: 1a, key: k}}":                                     {"geolocate.maxmind.account: is no account number: digits only, as MaxMind shows it"},
		"geolocate: {rdap: {bootstrap: 'ftp://x'}, whois: {server: whois.example}}": {
			"geolocate.rdap.bootstrap: must be an http or https URL, or empty for no RDAP",
			"geolocate.whois.server: must be host:port, or empty for no WHOIS",
		},
		"geolocate: {rdap: {bootstrap: ''}, whois: {server: ''}}": nil,
		"geolocate: {origin: {url: 'https://u:p@h.example/', name: 'a b', token: 'a b'}}": {
			"geolocate.origin.name: must be at most 60 bytes without spaces: it stands in claims",
			"geolocate.origin.token: must be one word of printable ASCII, of at most 4096 bytes",
			"geolocate.origin.url: must be an https URL, without a name and password in it, or empty for no look-up of origins",
		},
		"geolocate: {origin: {name: a}}": {"geolocate.origin: has a name or a token, but no url: give the url, or leave all empty"},
		"geolocate: {network_ttl: 1s, domain_ttl: 1000h, waiting: 0, processes: 101, per_second: .nan}": {
			"geolocate.domain_ttl: 1000h0m0s is out of range: from 1m to 720h",
			"geolocate.network_ttl: 1s is out of range: from 1m to 720h",
			"geolocate.per_second: NaN is out of range: from 0.1 to 1000",
			"geolocate.processes: 101 is out of range: from 1 to 100",
			"geolocate.waiting: 0 is out of range: from 1 to 10000",
		},
		"scheduler: {first_gap: 1h, max_gap: 30m, growth: 11, confirm: {verdicts: 1, span: 1ms}, unavailable_after: 1ms, aftercare: [], rounds: 0, feed_every: 2m, hosting_ttl: 1ms}": {
			"scheduler.aftercare: 0 is out of range: from 1 to 50",
			"scheduler.confirm.span: 1ms is out of range: from 10ms to 8760h",
			"scheduler.confirm.verdicts: 1 is out of range: from 2 to 20",
			"scheduler.feed_every: 2m0s is out of range: from 50ms to 1m",
			"scheduler.growth: 11 is out of range: from 0 to 10",
			"scheduler.hosting_ttl: 1ms is out of range: from 1s to 720h",
			"scheduler.max_gap: 30m0s is shorter than first_gap (1h0m0s)",
			"scheduler.rounds: 0 is out of range: from 1 to 10000",
			"scheduler.unavailable_after: 1ms is out of range: from 10ms to 8760h",
		},
		"scheduler: {first_gap: 0s, max_gap: 9000h, aftercare: [2h, 1h]}": {
			"scheduler.aftercare: must grow: 1h0m0s at place 2 does not",
			"scheduler.first_gap: 0s is out of range: from 10ms to 8760h",
			"scheduler.max_gap: 9000h0m0s is out of range: from 10ms to 8760h",
		},
		"gate: {targets: ['a.example'], per_vantage: {far: [], local: ['ftp://a.example']}}": {
			"gate.per_vantage.far: name at least one URL, or leave the vantage out: then gate.targets hold for it",
			"gate.per_vantage.far: there is no such vantage in crawler.vantages",
			"gate.per_vantage.local: an entry is no http or https URL",
			"gate.targets: an entry is no http or https URL",
		},
		"notices: {send: true}": {"notices.from: is needed to send: the address that hotlines and providers answer to"},
		"notices: {from: Anna, country: Netherlands, organisation: \"a\\nb\", smtp: {address: relay, tls: maybe}}": {
			`notices.country: "Netherlands" is no ISO 3166-1 country code: two capital letters, for example NL`,
			`notices.from: must be one mailbox, such as "Hotline <desk@hotline.example>"`,
			"notices.organisation: must be one line of at most 200 bytes",
			`notices.smtp.address: "relay" is no host and port: write for example 127.0.0.1:25`,
			`notices.smtp.tls: "maybe" is none of opportunistic, required, none`,
		},
		"vantage: {name: " + long + ", country: se}": {
			`vantage.country: "se" is no ISO 3166-1 country code: two capital letters, for example NL`, "vantage.name: must have at most 60 bytes",
		},
		"vantage: {listen: '8443'}": {
			`vantage.listen: "8443" is no address and port: write for example 0.0.0.0:8443`,
			"vantage.name: give the name that the owner's crawler.vantages has for this remote vantage",
			"vantage: name the PEM files ca, cert and key: `vigil vantage keys DIR` makes them",
		},
		"web: {listen: '8080'}\nseal: {key_file: ''}\nlog: {level: loud, format: xml}": {
			`log.format: "xml" is none of json, console`, `log.level: "loud" is none of debug, info, warn, error`,
			"seal.key_file: name the file with the keys, for example vigil.key",
			`web.listen: "8080" is no address and port: write for example 127.0.0.1:8080`,
		},
	} {
		_, err := Parse([]byte(file), nil)
		var faults Faults
		errors.As(err, &faults)
		if diff := cmp.Diff(want, []string(faults)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}
