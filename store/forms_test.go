package store

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet/filled"
	"vigil/internal/seal"
)

var sameValues = cmp.Options{
	cmp.Comparer(func(a, b casefile.Target) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

func withKeys(t *testing.T) *Store {
	t.Helper()
	keys, err := seal.Create(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return &Store{keys: keys}
}

// What is sealed comes back whole: a field that is added to a value and not to its form fails here.
func TestSealedFormsForgetNothing(t *testing.T) {
	t.Parallel()
	s := withKeys(t)
	want := filled.Of[casefile.Observation]()
	sealed, err := s.sealTrail(7, want)
	if err != nil {
		t.Fatal(err)
	}
	var got casefile.Observation
	if err := s.openTrail(7, sealed, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Resolution, got.Resolution, sameValues); diff != "" {
		t.Errorf("resolution (-was +is):\n%s", diff)
	}
	if diff := cmp.Diff(want.Hops, got.Hops, sameValues); diff != "" {
		t.Errorf("hops (-was +is):\n%s", diff)
	}
	hosting := filled.Of[casefile.Hosting]()
	hosting.Country, hosting.Origin = "NL", casefile.OriginKnown
	if sealed, err = s.sealHosting(7, hosting); err != nil {
		t.Fatal(err)
	}
	var again casefile.Hosting
	if err := s.openJSON("hosting", 7, sealed, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hosting, again, sameValues); diff != "" {
		t.Errorf("hosting (-was +is):\n%s", diff)
	}
}

// What earlier versions sealed is read. The documents were written by the version before the
// forms became one, of the same values as those above; the date of a hop it had lost.
func TestOlderSealedFormsAreRead(t *testing.T) {
	t.Parallel()
	s := withKeys(t)
	older := func(name, column string) []byte {
		plain, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := s.keys.Seal(plain, sealContext(column, 7))
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	want := filled.Of[casefile.Observation]()
	for i := range want.Hops {
		want.Hops[i].Date = time.Time{}
	}
	var got casefile.Observation
	if err := s.openTrail(7, older("trail_short_keys.json", "trail"), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Resolution, got.Resolution, sameValues); diff != "" {
		t.Errorf("resolution (-was +is):\n%s", diff)
	}
	if diff := cmp.Diff(want.Hops, got.Hops, sameValues); diff != "" {
		t.Errorf("hops (-was +is):\n%s", diff)
	}
	var hosting casefile.Hosting
	if err := s.openJSON("hosting", 7, older("hosting_go_names.json", "hosting"), &hosting); err != nil {
		t.Fatal(err)
	}
	if missing := filled.Zeros(hosting); len(missing) > 0 {
		t.Errorf("not read: %v", missing)
	}
	if hosting.Provider != "text 2" || hosting.ASN != 3 || hosting.Decided.IsZero() || hosting.Steps[1] != "text 93" {
		t.Errorf("%+v", hosting)
	}
}
