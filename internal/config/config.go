// Package config reads Vigil's configuration: a YAML file, and over it one
// environment variable a key (VIGIL_SECTION_KEY).
//
// In come bytes and an environment; out goes a Config that is valid, or one
// error that lists every fault at once: unknown keys, values that do not parse
// and values out of range. It never opens what the configuration names; doctor
// does.
package config

import (
	"net/netip"
	"time"
)

// Config is the whole configuration. Its koanf tags are the keys of the file, its check tags what a
// value must be (rules); Defaults says what a key means when it is not set.
type Config struct {
	Database  Database     `koanf:"database"`
	Resolver  Resolver     `koanf:"resolver"`
	Guard     Guard        `koanf:"guard"`
	Crawler   Crawler      `koanf:"crawler"`
	Geolocate Geolocate    `koanf:"geolocate"`
	Scheduler Scheduler    `koanf:"scheduler"`
	Gate      Gate         `koanf:"gate"`
	Notices   Notices      `koanf:"notices"`
	Vantage   RemoteServer `koanf:"vantage"`
	Web       Web          `koanf:"web"`
	Seal      Seal         `koanf:"seal"`
	Log       Log          `koanf:"log"`
}

// Database says where cases are kept.
type Database struct {
	// URL is sqlite:PATH or postgres://user:password@host/name.
	URL string `koanf:"url"`
}

// Resolver says whom to ask for names.
type Resolver struct {
	// Servers are ip:port; empty means those of the system.
	Servers []string `koanf:"servers"`
	// Timeout of one question to one server.
	Timeout time.Duration `koanf:"timeout" check:"range 100ms 1m"`
}

// Guard says what may be dialled.
type Guard struct {
	// AllowNetworks may be dialled though the guard would refuse them: for labs only.
	AllowNetworks []netip.Prefix `koanf:"allow_networks"`
}

// Crawler bounds the looks.
type Crawler struct {
	Timeout      time.Duration `koanf:"timeout" check:"range 1s 5m"`       // of a whole look
	MaxBody      Size          `koanf:"max_body" check:"range 1KiB 64MiB"` // decoded bytes read of a body
	MaxRedirects int           `koanf:"max_redirects" check:"range 0 50"`
	PerHostGap   time.Duration `koanf:"per_host_gap" check:"range 0s 1h"` // between two looks at one host
	InFlight     int           `koanf:"in_flight" check:"range 1 10000"`  // looks at once
	UserAgent    string        `koanf:"user_agent" check:"ascii"`
	Vantages     []Vantage     `koanf:"vantages" check:"range 1 16"`
}

// Vantage is a place to look from.
type Vantage struct {
	Name    string `koanf:"name" check:"name give each vantage a name of 1 to 60 bytes"`
	Country string `koanf:"country" check:"?country"` // ISO 3166-1 alpha-2
	Network string `koanf:"network"`                  // for example AS64500
	Proxy   string `koanf:"proxy"`                    // socks5://ip:port or http://ip:port; empty for direct
	Remote  Remote `koanf:"eye"`                      // a remote vantage that looks in our place; not together with Proxy
}

// Remote is a remote vantage and how it is reached: all of it, or nothing.
type Remote struct {
	Address string `koanf:"address"` // host:port
	// CA, Cert and Key are PEM files: the authority of the remote vantage's certificate, our own certificate and its key.
	CA   string `koanf:"ca"`
	Cert string `koanf:"cert"`
	Key  string `koanf:"key"`
}

// RemoteServer is what `vigil vantage` needs to look for its owner; no other command reads it.
type RemoteServer struct {
	Listen string `koanf:"listen" check:"?listen 0.0.0.0:8443"` // ip:port; empty when this is no remote vantage
	// CA, Cert and Key are PEM files: the authority of the owner's certificate, our own certificate and its key.
	CA   string `koanf:"ca"`
	Cert string `koanf:"cert"`
	Key  string `koanf:"key"`
	// Name, Country and Network are what the remote vantage states of itself, as in Vantage.
	Name    string `koanf:"name" check:"bytes 60"`
	Country string `koanf:"country" check:"?country"`
	Network string `koanf:"network"`
}

// Geolocate names the sources of hosting facts.
type Geolocate struct {
	Databases []GeoDatabase `koanf:"databases"`
	MaxMind   MaxMind       `koanf:"maxmind"`
	RDAP      RDAP          `koanf:"rdap"`
	WHOIS     WHOIS         `koanf:"whois"`
	Origin    Origin        `koanf:"origin"`
	// Contacts is a CSV file: the operator's directory of providers. Empty for none.
	Contacts string `koanf:"contacts"`
	// PerSecond is how many questions one registry server is asked a second on average.
	PerSecond float64 `koanf:"per_second" check:"range 0.1 1000"`
	// NetworkTTL and DomainTTL are how long answers of registries are kept.
	NetworkTTL time.Duration `koanf:"network_ttl" check:"range 1m 720h"`
	DomainTTL  time.Duration `koanf:"domain_ttl" check:"range 1m 720h"`
	// Waiting is how many visits may wait for registries at once.
	Waiting int `koanf:"waiting" check:"range 1 10000"`
	// Processes is how many servers and workers share one uplink and so the registries' limits.
	Processes int `koanf:"processes" check:"range 1 100"`
}

// GeoDatabase is a file in MaxMind's format. With a source or a URL, `vigil geodata
// update` downloads it, and it may be absent until then. The command line takes the
// names of the sources from geolocate/geodata.
type GeoDatabase struct {
	Kind string `koanf:"kind" check:"oneof country, asn"` // country or asn
	Path string `koanf:"path" check:"file name the file"`
	// Source is the name of a built-in source; not together with URL.
	Source string `koanf:"source"`
	// URL is https, or in a lab http; {yyyy-mm} in it stands for the month.
	URL string `koanf:"url" check:"?openurl must be an https URL, without a name and password in it"`
	// SHA256 is the digest of the download, 64 hexadecimal digits, or the https URL of a file that begins
	// with it; may be empty.
	SHA256 string `koanf:"sha256" check:"?digest must be 64 hexadecimal digits, or the https URL of a file that begins with them"`
	// Licence and Attribution are for people, at most 200 bytes; they default to those of the source.
	Licence     string `koanf:"licence" check:"line 200"`
	Attribution string `koanf:"attribution" check:"line 200"`
}

// Awaited says whether the file may be absent: something downloads it.
func (d GeoDatabase) Awaited() bool { return d.Source != "" || d.URL != "" }

// MaxMind is an account for GeoLite2. The key is never printed.
type MaxMind struct {
	Account string `koanf:"account" check:"digits is no account number: digits only, as MaxMind shows it"`
	Key     string `koanf:"key"`
}

// RDAP says where the bootstrap files are; an empty URL switches RDAP off.
type RDAP struct {
	Bootstrap string `koanf:"bootstrap" check:"?url must be an http or https URL, or empty for no RDAP"`
}

// WHOIS says whom to ask first; an empty server switches WHOIS off.
type WHOIS struct {
	Server string `koanf:"server" check:"?server must be host:port, or empty for no WHOIS"`
}

// Origin is a service that is asked what stands behind an edge; an empty URL asks nobody.
// It learns the host names of targets behind edges. The token is never printed.
type Origin struct {
	// URL is https, or in a lab http.
	URL string `koanf:"url" check:"?openurl must be an https URL, without a name and password in it, or empty for no look-up of origins"`
	// Name stands in claims: at most 60 bytes without spaces; empty for the host of URL.
	Name string `koanf:"name"`
	// Token is sent as a bearer token; empty for none.
	Token string `koanf:"token" check:"word 4096"`
}

// Scheduler is the pace of looking again.
type Scheduler struct {
	FirstGap         time.Duration   `koanf:"first_gap" check:"range 10ms 8760h"`
	Growth           float64         `koanf:"growth" check:"range 0 10"`
	MaxGap           time.Duration   `koanf:"max_gap" check:"range 10ms 8760h"`
	Confirm          Confirm         `koanf:"confirm"`
	UnavailableAfter time.Duration   `koanf:"unavailable_after" check:"range 10ms 8760h"`
	Aftercare        []time.Duration `koanf:"aftercare" check:"range 1 50"`
	// Rounds is how many hosts are worked on at once.
	Rounds int `koanf:"rounds" check:"range 1 10000"`
	// FeedEvery is how often due hosts are looked for.
	FeedEvery time.Duration `koanf:"feed_every" check:"range 50ms 1m"`
	// HostingTTL is how old a hosting decision may be before it is made again.
	HostingTTL time.Duration `koanf:"hosting_ttl" check:"range 1s 720h"`
}

// Confirm says when gone verdicts are a removal.
type Confirm struct {
	Verdicts int           `koanf:"verdicts" check:"range 2 20"`
	Span     time.Duration `koanf:"span" check:"range 10ms 8760h"`
}

// Gate names the control targets that prove that our own uplink is sound.
type Gate struct {
	Targets []string `koanf:"targets"` // URLs that are always up; empty = no gate
	// PerVantage are the control URLs of vantages that see another world, by name, in place of Targets.
	PerVantage map[string][]string `koanf:"per_vantage"`
}

// Notices says who tells and how.
type Notices struct {
	// Send switches sending on. While it is off every notice stays a draft.
	Send bool `koanf:"send"`
	// From is the mail address notices come from, and the notifier's name and address in them.
	From         string `koanf:"from" check:"?mailbox"`
	Organisation string `koanf:"organisation" check:"line 200"`
	// Country is the operator's own country: it gets what has no hotline of its own. May be empty.
	Country   string `koanf:"country" check:"?country"`
	SMTP      SMTP   `koanf:"smtp"`
	Directory string `koanf:"directory"` // a CSV file; empty = the built-in directory
}

// SMTP is the mail relay.
type SMTP struct {
	Address  string `koanf:"address" check:"hostport 127.0.0.1:25"`           // host:port
	TLS      string `koanf:"tls" check:"oneof opportunistic, required, none"` // opportunistic, required or none
	Username string `koanf:"username"`
	Password string `koanf:"password"`
	Hello    string `koanf:"hello"`
}

// Web is the API and the pages.
type Web struct {
	Listen string `koanf:"listen" check:"listen 127.0.0.1:8080"` // ip:port
	// Secure says that the pages are reached over https (through a proxy): cookies are marked so.
	Secure bool `koanf:"secure"`
}

// Seal says where the keys are.
type Seal struct {
	KeyFile string `koanf:"key_file" check:"file name the file with the keys, for example vigil.key"`
}

// Log is how Vigil speaks to its operator.
type Log struct {
	Level  string `koanf:"level" check:"oneof debug, info, warn, error"`
	Format string `koanf:"format" check:"oneof json, console"`
}

// Defaults is the configuration of an empty file.
func Defaults() Config {
	return Config{
		Database: Database{URL: "sqlite:vigil.db"},
		Resolver: Resolver{Timeout: 5 * time.Second},
		Crawler: Crawler{
			Timeout: 20 * time.Second, MaxBody: 2 << 20, MaxRedirects: 10, PerHostGap: time.Second, InFlight: 256,
			UserAgent: "Mozilla/5.0 (compatible; Vigil/1; verification of reported content)",
			Vantages:  []Vantage{{Name: "local"}},
		},
		Geolocate: Geolocate{
			Databases: []GeoDatabase{
				{Kind: "country", Path: "country.mmdb", Source: "ip-location-db-server-country"},
				{Kind: "asn", Path: "asn.mmdb", Source: "ip-location-db-origin-asn"},
			},
			RDAP:  RDAP{Bootstrap: "https://data.iana.org/rdap/"},
			WHOIS: WHOIS{Server: "whois.iana.org:43"}, PerSecond: 2, NetworkTTL: 72 * time.Hour, DomainTTL: 6 * time.Hour, Waiting: 64, Processes: 1,
		},
		Scheduler: Scheduler{
			FirstGap: 15 * time.Minute, Growth: 0.1, MaxGap: 12 * time.Hour,
			Confirm:          Confirm{Verdicts: 3, Span: 24 * time.Hour},
			UnavailableAfter: 168 * time.Hour,
			Aftercare:        []time.Duration{24 * time.Hour, 72 * time.Hour, 168 * time.Hour, 336 * time.Hour, 720 * time.Hour, 2160 * time.Hour},
			Rounds:           256, FeedEvery: time.Second, HostingTTL: 24 * time.Hour,
		},
		Notices: Notices{SMTP: SMTP{Address: "127.0.0.1:25", TLS: "opportunistic"}},
		Web:     Web{Listen: "127.0.0.1:8080"},
		Seal:    Seal{KeyFile: "vigil.key"},
		Log:     Log{Level: "info", Format: "json"},
	}
}
