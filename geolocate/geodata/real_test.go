package geodata

import (
	"os"
	"testing"

	"vigil/geolocate/mmdb"
)

// TestRealCountries holds the well-known addresses against a real database: all are right in it.
func TestRealCountries(t *testing.T) {
	t.Parallel()
	path := os.Getenv("VIGIL_TEST_GEODATA")
	if path == "" {
		t.Skip("VIGIL_TEST_GEODATA names no database: make test-geodata brings one")
	}
	db, err := mmdb.Open(mmdb.Options{Kind: mmdb.KindCountry, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if right, err := plausible(db); err != nil || right != len(wellKnown) {
		t.Errorf("%d of %d well-known addresses are right, %v", right, len(wellKnown), err)
	}
}
