package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestShippedFileIsTheDefaults(t *testing.T) {
	t.Parallel()
	got, err := Load("../../config.yaml", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Defaults(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("config.yaml and Defaults differ (-defaults +file):\n%s", diff)
	}
}

func TestFileAndEnvironment(t *testing.T) {
	t.Parallel()
	file := `
database: {url: "postgres://vigil@db/vigil"}
guard: {allow_networks: [127.0.0.0/8, "2001:db8::/32"]}
crawler: {max_body: 512KiB, vantages: [{name: here, country: NL, network: AS64500, proxy: ""}, {name: there}]}
geolocate: {databases: [{kind: country, path: c.mmdb}], contacts: providers.csv}
scheduler: {aftercare: [1h, 2h]}
`
	got, err := Parse([]byte(file), []string{
		"VIGIL_CRAWLER_TIMEOUT=3s", "VIGIL_CRAWLER_IN_FLIGHT=12", "VIGIL_NOTICES_SMTP_ADDRESS=127.0.0.1:2525",
		"VIGIL_GATE_TARGETS=[http://a.example/, http://b.example/]", "VIGIL_SCHEDULER_CONFIRM_VERDICTS=4", "VIGIL_TEST_POSTGRES=x", "PATH=/bin",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Database.URL = "postgres://vigil@db/vigil"
	want.Guard.AllowNetworks = got.Guard.AllowNetworks
	want.Crawler.MaxBody = 512 << 10
	want.Crawler.Vantages = []Vantage{{Name: "here", Country: "NL", Network: "AS64500"}, {Name: "there"}}
	want.Geolocate.Databases = []GeoDatabase{{Kind: "country", Path: "c.mmdb"}}
	want.Geolocate.Contacts = "providers.csv"
	want.Scheduler.Aftercare = []time.Duration{time.Hour, 2 * time.Hour}
	want.Crawler.Timeout, want.Crawler.InFlight = 3*time.Second, 12
	want.Notices.SMTP.Address = "127.0.0.1:2525"
	want.Gate.Targets = []string{"http://a.example/", "http://b.example/"}
	want.Scheduler.Confirm.Verdicts = 4
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(got.Guard.AllowNetworks[0])); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(got.Guard.AllowNetworks) != 2 || got.Guard.AllowNetworks[0].String() != "127.0.0.0/8" {
		t.Errorf("allow_networks = %v", got.Guard.AllowNetworks)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	file := `
databse: {url: "sqlite:x"}
database: {url: "mysql://secret@h/x"}
crawler: {timeout: soon, max_boddy: 1, in_flight: 0, vantages: [{name: a, cuntry: NL}]}
guard: {allow_networks: [300.0.0.0/8]}
notices: {send: true}
`
	_, err := Parse([]byte(file), []string{"VIGIL_WEB_LISTN=x"})
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("want Faults, got %v", err)
	}
	for _, want := range []string{
		"databse", "did you mean database", "crawler.max_boddy is no key of Vigil; did you mean crawler.max_body?", "vantages[0].cuntry",
		"timeout", "allow_networks", "VIGIL_WEB_LISTN",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in:\n%v", want, err)
		}
	}
	_, err = Parse([]byte(`
database: {url: "mysql://secret@h/x"}
crawler: {in_flight: 0, timeout: 10ms}
notices: {send: true, smtp: {tls: maybe}}
scheduler: {aftercare: [2h, 1h], growth: -1}
`), nil)
	for _, want := range []string{"database.url", "crawler.in_flight", "crawler.timeout", "notices.from", "notices.smtp.tls", "scheduler.aftercare", "scheduler.growth"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in:\n%v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Error("a fault repeats the database URL, which may hold a password")
	}
}

func TestGeoDatabases(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("0a", 32)
	tests := []struct {
		name, file string
		environ    []string
		want       []GeoDatabase
		maxmind    MaxMind
		fault      string // part of it; empty for none
	}{
		{name: "the contract's form", file: "databases: [{kind: country, path: country.mmdb}, {kind: asn, path: asn.mmdb}]", want: []GeoDatabase{{Kind: "country", Path: "country.mmdb"}, {Kind: "asn", Path: "asn.mmdb"}}},
		{name: "none at all", file: "databases: []", want: nil},
		{name: "not said", file: "per_second: 2", want: Defaults().Geolocate.Databases},
		{name: "a source", file: "databases: [{kind: asn, path: a.mmdb, source: some-source}]", want: []GeoDatabase{{Kind: "asn", Path: "a.mmdb", Source: "some-source"}}},
		{
			name: "a URL with all", file: "databases: [{kind: asn, path: a.mmdb, url: 'https://data.example/{yyyy-mm}.mmdb', sha256: " + digest + ", licence: CC0, attribution: Example}]",
			want: []GeoDatabase{{Kind: "asn", Path: "a.mmdb", URL: "https://data.example/{yyyy-mm}.mmdb", SHA256: digest, Licence: "CC0", Attribution: "Example"}},
		},
		{name: "a digest elsewhere", file: "databases: [{kind: asn, path: a.mmdb, source: s, sha256: 'https://data.example/a.sha256'}]", want: []GeoDatabase{{Kind: "asn", Path: "a.mmdb", Source: "s", SHA256: "https://data.example/a.sha256"}}},
		{name: "an account", file: "databases: []\n  maxmind: {account: 123456}", environ: []string{"VIGIL_GEOLOCATE_MAXMIND_KEY=from-environment"}, maxmind: MaxMind{Account: "123456", Key: "from-environment"}},
		{name: "source and URL", file: "databases: [{kind: asn, path: a.mmdb, source: s, url: 'https://data.example/a'}]", fault: "give one of them"},
		{name: "another scheme", file: "databases: [{kind: asn, path: a.mmdb, url: 'ftp://data.example/a'}]", fault: "databases[0].url: must be an https URL"},
		{name: "a password in the URL", file: "databases: [{kind: asn, path: a.mmdb, url: 'https://me:hidden-word@data.example/a'}]", fault: "without a name and password"},
		{name: "half a digest", file: "databases: [{kind: asn, path: a.mmdb, source: s, sha256: 0a0b}]", fault: "64 hexadecimal digits"},
		{name: "a digest of nothing", file: "databases: [{kind: asn, path: a.mmdb, sha256: " + digest + "}]", fault: "give a source or a url too"},
		{name: "a long licence", file: "databases: [{kind: asn, path: a.mmdb, licence: '" + strings.Repeat("x", 201) + "'}]", fault: "databases[0].licence"},
		{name: "a key without an account", file: "maxmind: {key: hidden-word}", fault: "account and key go together"},
		{name: "an account that is none", file: "maxmind: {account: me@example.org, key: hidden-word}", fault: "no account number"},
		{name: "an unknown key", file: "databases: [{kind: asn, path: a.mmdb, license: MIT}]", fault: "did you mean licence"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte("geolocate:\n  "+test.file+"\n"), test.environ)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Errorf("error %v does not say %q", err, test.fault)
				}
				if err != nil && strings.Contains(err.Error(), "hidden-word") {
					t.Errorf("the fault repeats a secret: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Geolocate.Databases, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if got.Geolocate.MaxMind != test.maxmind {
				t.Errorf("maxmind %+v, want %+v", got.Geolocate.MaxMind, test.maxmind)
			}
		})
	}
}

func TestLookUpOfOrigins(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file, fault string
		environ           []string
		want              Origin
	}{
		{name: "off by default", file: "processes: 1"},
		{name: "a service", file: "origin: {url: 'https://finder.example/origins', name: finder}", environ: []string{"VIGIL_GEOLOCATE_ORIGIN_TOKEN=hidden-word"},
			want: Origin{URL: "https://finder.example/origins", Name: "finder", Token: "hidden-word"}},
		{name: "another scheme", file: "origin: {url: 'ftp://hidden-word.example'}", fault: "geolocate.origin.url"},
		{name: "a password in the URL", file: "origin: {url: 'https://me:hidden-word@finder.example'}", fault: "geolocate.origin.url"},
		{name: "no host", file: "origin: {url: 'https:///hidden-word'}", fault: "geolocate.origin.url"},
		{name: "a name with a space", file: "origin: {url: 'https://finder.example', name: 'hidden-word of us'}", fault: "geolocate.origin.name"},
		{name: "a token with a newline", file: "origin: {url: 'https://finder.example'}", environ: []string{"VIGIL_GEOLOCATE_ORIGIN_TOKEN=hidden-word\nX: y"}, fault: "geolocate.origin.token"},
		{name: "a token for nobody", file: "processes: 1", environ: []string{"VIGIL_GEOLOCATE_ORIGIN_TOKEN=hidden-word"}, fault: "has a name or a token, but no url"},
	} {
		got, err := Parse([]byte("geolocate:\n  "+test.file+"\n"), test.environ)
		switch {
		case test.fault == "" && (err != nil || got.Geolocate.Origin != test.want):
			t.Errorf("%s: %v %+v", test.name, err, got.Geolocate.Origin)
		case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault) || strings.Contains(err.Error(), "hidden-word")):
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "absent.yaml"), true, nil); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("a missing file that was asked for: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "absent.yaml"), false, nil); err != nil {
		t.Errorf("a missing default file: %v", err)
	}
	if _, err := Load(dir, false, nil); err == nil {
		t.Error("a folder was read as configuration")
	}
	broken := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("a: [\n\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(broken, true, nil); err == nil || !strings.Contains(err.Error(), "YAML") {
		t.Errorf("broken YAML: %v", err)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{"2MiB": 2 << 20, "512 KiB": 512 << 10, "7B": 7, "1024": 1024, "1GiB": 1 << 30} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "2 MB", "-1", "1.5MiB", "99999999999GiB"} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("database: {url: x}"))
	f.Add([]byte("crawler: [1, 2]\nguard: null"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = Parse(data, nil) // must not panic
	})
}

func TestControlsOfOneVantage(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ list, says string }{
		"two URLs":           {`{local: ["https://a.example/", "http://b.example/"]}`, ""},
		"an unknown vantage": {`{elsewhere: ["https://a.example/"]}`, "gate.per_vantage.elsewhere"},
		"an empty list":      {`{local: []}`, "gate.per_vantage.local"},
		"no URL":             {`{local: ["a.example"]}`, "gate.per_vantage.local"},
	} {
		c, err := Parse([]byte("crawler: {vantages: [{name: local}]}\ngate: {per_vantage: "+tc.list+"}\n"), nil)
		if tc.says == "" {
			if err != nil || len(c.Gate.PerVantage["local"]) != 2 {
				t.Errorf("%s: %v, %v", name, c.Gate.PerVantage, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
