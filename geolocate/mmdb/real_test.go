package mmdb

import (
	"net/netip"
	"os"
	"testing"
	"time"
)

// TestRealCountries asks a real country database, which `make test-geodata` brings, about
// addresses whose networks are registered, and mostly stand, in one country.
func TestRealCountries(t *testing.T) {
	t.Parallel()
	path := os.Getenv("VIGIL_TEST_GEODATA")
	if path == "" {
		t.Skip("VIGIL_TEST_GEODATA names no database: make test-geodata brings one")
	}
	db, err := Open(Options{Kind: KindCountry, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if age := time.Since(db.Built()); age < 0 || db.Built().Year() < 2024 {
		t.Errorf("built %v: it is no present-day database", db.Built())
	}
	for addr, who := range map[string][2]string{
		"8.8.8.8":              {"US", "a public resolver"},
		"9.9.9.9":              {"US", "a public resolver"},
		"208.67.222.222":       {"US", "a public resolver"},
		"77.88.8.8":            {"RU", "a public resolver"},
		"114.114.114.114":      {"CN", "a public resolver"},
		"2001:4860:4860::8888": {"US", "a public resolver"},
		"198.41.0.4":           {"US", "root server A"},
		"192.36.148.17":        {"SE", "root server I"},
		"193.0.14.129":         {"NL", "root server K"},
		"202.12.27.33":         {"JP", "root server M"},
		"2001:7fd::1":          {"NL", "root server K"},
		"193.0.6.139":          {"NL", "the RIPE NCC"},
		"199.43.0.44":          {"US", "ARIN"},
		"200.160.2.3":          {"BR", "registro.br"},
		"140.82.121.3":         {"US", "a large forge"},
		"208.80.154.224":       {"US", "a large encyclopedia"},
		"88.198.0.1":           {"DE", "a large hosting company"},
		"37.187.0.1":           {"FR", "a large hosting company"},
		"129.132.19.216":       {"CH", "a university"},
		"131.111.8.46":         {"GB", "a university"},
		"133.11.0.11":          {"JP", "a university"},
		"137.158.10.1":         {"ZA", "a university"},
		"128.250.1.21":         {"AU", "a university"},
	} {
		r, found, err := db.Lookup(netip.MustParseAddr(addr))
		if err != nil || !found || r.Country != who[0] || !r.Network.IsValid() {
			t.Errorf("%s (%s): %+v, found %v, %v; want %s", addr, who[1], r, found, err, who[0])
		}
	}
}
