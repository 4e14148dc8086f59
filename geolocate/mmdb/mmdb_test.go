package mmdb

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

var epoch = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// write makes a database of a type from prefixes and their records.
func write(t testing.TB, typ string, version int, records map[string]mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: typ, BuildEpoch: epoch.Unix(), IPVersion: version, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, record := range records {
		_, network, err := net.ParseCIDR(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, record); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "geo.mmdb")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func iso(code string) mmdbtype.Map { return mmdbtype.Map{"iso_code": mmdbtype.String(code)} }

func TestLookup(t *testing.T) {
	t.Parallel()
	flatCountry := map[string]mmdbtype.Map{
		"192.0.2.0/24":    {"country_code": mmdbtype.String("NL")},
		"198.51.100.0/25": {"country_code": mmdbtype.String("DE")},
		"2001:db8:1::/48": {"country_code": mmdbtype.String("FR")},
		"127.0.0.0/8":     {"country_code": mmdbtype.String("SE")},
	}
	nested := map[string]mmdbtype.Map{
		"192.0.2.0/24":   {"country": iso("NL"), "registered_country": iso("US")},
		"203.0.113.0/24": {"registered_country": iso("GB")},
		"2001:db8::/32":  {"country": iso("CZ")},
	}
	asn := map[string]mmdbtype.Map{
		"192.0.2.0/24":  {"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example Hosting")},
		"2001:db8::/32": {"autonomous_system_number": mmdbtype.Uint32(4200000001)},
	}
	prefix := netip.MustParsePrefix
	tests := []struct {
		name    string
		typ     string
		kind    Kind
		version int
		records map[string]mmdbtype.Map
		addr    string
		want    Record
		found   bool
	}{
		{"flat country", "ipdb country", KindCountry, 6, flatCountry, "192.0.2.7", Record{Country: "NL", Network: prefix("192.0.2.0/24")}, true},
		{"flat country, IPv6", "ipdb country", KindCountry, 6, flatCountry, "2001:db8:1::7", Record{Country: "FR", Network: prefix("2001:db8:1::/48")}, true},
		{"flat country, loopback of a lab", "ipdb country", KindCountry, 6, flatCountry, "127.0.0.9", Record{Country: "SE", Network: prefix("127.0.0.0/8")}, true},
		{"mapped address is looked up as IPv4", "ipdb country", KindCountry, 6, flatCountry, "::ffff:192.0.2.7", Record{Country: "NL", Network: prefix("192.0.2.0/24")}, true},
		{"address that no record covers", "ipdb country", KindCountry, 6, flatCountry, "198.51.100.200", Record{}, false},
		{"IPv6 address in an IPv4 file", "ipdb country", KindCountry, 4, map[string]mmdbtype.Map{"192.0.2.0/24": {"country_code": mmdbtype.String("NL")}}, "2001:db8::1", Record{}, false},
		{"bare string country", "other country", KindCountry, 6, map[string]mmdbtype.Map{"192.0.2.0/24": {"country": mmdbtype.String("NO")}}, "192.0.2.1", Record{Country: "NO", Network: prefix("192.0.2.0/24")}, true},
		{"nested shape of an unknown type", "Custom-Country", KindCountry, 6, nested, "192.0.2.1", Record{Country: "NL", RegisteredCountry: "US", Network: prefix("192.0.2.0/24")}, true},
		{"MaxMind country", "GeoLite2-Country", KindCountry, 6, nested, "192.0.2.1", Record{Country: "NL", RegisteredCountry: "US", Network: prefix("192.0.2.0/24")}, true},
		{"MaxMind country, registered only", "GeoLite2-Country", KindCountry, 6, nested, "203.0.113.1", Record{RegisteredCountry: "GB", Network: prefix("203.0.113.0/24")}, true},
		{"MaxMind city asked for country", "GeoLite2-City", KindCountry, 6, nested, "2001:db8::5", Record{Country: "CZ", Network: prefix("2001:db8::/32")}, true},
		{"MaxMind ASN", "GeoLite2-ASN", KindASN, 6, asn, "192.0.2.1", Record{ASN: 64500, Holder: "Example Hosting", Network: prefix("192.0.2.0/24")}, true},
		{"flat ASN with 32 bits", "ipdb asn", KindASN, 6, asn, "2001:db8::5", Record{ASN: 4200000001, Network: prefix("2001:db8::/32")}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, err := Open(Options{Kind: test.kind, Path: write(t, test.typ, test.version, test.records)})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			got, found, err := db.Lookup(netip.MustParseAddr(test.addr))
			if err != nil || found != test.found {
				t.Fatalf("found %v, error %v, want found %v", found, err, test.found)
			}
			if !found {
				return
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
				t.Error(diff)
			}
			if !db.Built().Equal(epoch) || db.Type() != test.typ || db.Kind() != test.kind {
				t.Errorf("built %v, type %q, kind %q", db.Built(), db.Type(), db.Kind())
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write(t, "ipdb country", 6, map[string]mmdbtype.Map{"192.0.2.0/24": {"country_code": mmdbtype.String("NL")}})
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte(nil), whole...)
	for i := 0; i < len(broken)/3; i++ {
		broken[i] = 0xff
	}
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{"unknown kind", Options{Kind: "place", Path: good}, "use country or asn"},
		{"no path", Options{Kind: KindASN, Path: ""}, "set geolocate.databases"},
		{"absent file", Options{Kind: KindCountry, Path: filepath.Join(dir, "none.mmdb")}, "does not exist"},
		{"folder", Options{Kind: KindCountry, Path: dir}, "no regular file"},
		{"empty file", Options{Kind: KindCountry, Path: file("empty.mmdb", nil)}, "is empty"},
		{"not a database", Options{Kind: KindCountry, Path: file("text.mmdb", []byte("country,code\n"))}, "broken or no MaxMind DB"},
		{"cut off", Options{Kind: KindCountry, Path: file("cut.mmdb", whole[:len(whole)/2])}, "broken or no MaxMind DB"},
		{"broken tree", Options{Kind: KindCountry, Path: file("tree.mmdb", broken)}, "download it again"},
		{"country file as asn", Options{Kind: KindASN, Path: good}, "holds no asn data"},
		{"MaxMind ASN file as country", Options{Kind: KindCountry, Path: write(t, "GeoLite2-ASN", 6, map[string]mmdbtype.Map{"192.0.2.0/24": {"autonomous_system_number": mmdbtype.Uint32(64500)}})}, "holds no country data"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, err := Open(test.o)
			if err == nil {
				_ = db.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
		})
	}
}

func TestLookupConcurrently(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"GeoLite2-Country", "ipdb country"} {
		db, err := Open(Options{Kind: KindCountry, Path: write(t, typ, 6, map[string]mmdbtype.Map{"192.0.2.0/24": {"country": iso("NL")}})})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 200 {
					if r, found, err := db.Lookup(netip.MustParseAddr("192.0.2.1")); err != nil || !found || r.Country != "NL" {
						t.Errorf("%v %v %v", r, found, err)
						return
					}
				}
			})
		}
		wg.Wait()
		_ = db.Close()
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, typ := range []string{"GeoLite2-Country", "ipdb country"} {
		db, err := Open(Options{Kind: KindCountry, Path: write(b, typ, 6, map[string]mmdbtype.Map{"192.0.2.0/24": {"country": iso("NL")}})})
		if err != nil {
			b.Fatal(err)
		}
		addr := netip.MustParseAddr("192.0.2.1")
		b.Run(strings.ReplaceAll(typ, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, found, err := db.Lookup(addr); !found || err != nil {
					b.Fatal(found, err)
				}
			}
		})
		_ = db.Close()
	}
}
