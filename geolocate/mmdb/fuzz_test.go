package mmdb

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// FuzzOpen opens what a publisher might send: it must neither panic nor give text that is not bounded.
func FuzzOpen(f *testing.F) {
	for typ, record := range map[string]mmdbtype.Map{
		"ipdb country":     {"country_code": mmdbtype.String("NL")},
		"GeoLite2-Country": {"country": iso("NL"), "registered_country": iso("US")},
		"GeoLite2-ASN":     {"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example Hosting")},
	} {
		data, err := os.ReadFile(write(f, typ, 6, map[string]mmdbtype.Map{"192.0.2.0/24": record, "2001:db8::/32": record}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	path := filepath.Join(f.TempDir(), "fuzzed.mmdb")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []Kind{KindCountry, KindASN} {
			db, err := Open(Options{Kind: kind, Path: path})
			if err != nil {
				continue
			}
			for _, addr := range []string{"192.0.2.1", "2001:db8::1", "203.0.113.9"} {
				r, found, err := db.Lookup(netip.MustParseAddr(addr))
				if found && err != nil || len(r.Holder) > maxText || !utf8.ValidString(r.Holder) {
					t.Errorf("%s: %+v, found %v, %v", addr, r, found, err)
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
