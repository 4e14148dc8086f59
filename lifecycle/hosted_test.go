package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

// hostedBy is the episode after a silent visit that located the target.
func hostedBy(e casefile.Episode, h casefile.Hosting, at time.Time) casefile.Episode {
	v := visit(0, silent)
	v.Ended, v.Hosting = at, &h
	after, _ := advance(casefile.Case{Life: casefile.Life{Standing: casefile.Watching, Episode: e}}, v, rules())
	return after.Episode
}

func TestHostedBy(t *testing.T) {
	t.Parallel()
	opened := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	found, now := opened.Add(time.Hour), opened.Add(48*time.Hour)
	known := casefile.Episode{Number: 1, Opened: opened, Provider: "One", Country: "NL", ProviderSince: found, CountrySince: found}
	with := func(change func(*casefile.Episode)) casefile.Episode {
		e := known
		change(&e)
		return e
	}
	gone := with(func(e *casefile.Episode) { e.FirstGone = now.Add(-time.Hour) })
	for name, test := range map[string]struct {
		before casefile.Episode
		h      casefile.Hosting
		want   casefile.Episode
	}{
		"first decision": {
			casefile.Episode{Number: 1, Opened: opened}, casefile.Hosting{Provider: "One", Country: "NL"},
			casefile.Episode{Number: 1, Opened: opened, Provider: "One", Country: "NL", ProviderSince: now, CountrySince: now},
		},
		"first decision, while it is gone": {
			casefile.Episode{Number: 1, Opened: opened, FirstGone: now}, casefile.Hosting{Provider: "One", Country: "NL"},
			casefile.Episode{Number: 1, Opened: opened, FirstGone: now, Provider: "One", Country: "NL", ProviderSince: now, CountrySince: now},
		},
		"as before":                {known, casefile.Hosting{Provider: "One", Country: "NL"}, known},
		"another network of its":   {known, casefile.Hosting{Provider: "One", Country: "NL", ASN: 64501}, known},
		"moved, gone already":      {gone, casefile.Hosting{Provider: "Parking", Country: "US"}, gone},
		"a name that names nobody": {known, casefile.Hosting{Country: "NL"}, with(func(e *casefile.Episode) { e.Provider, e.ProviderSince = "", now })},
		"another provider in the country": {known, casefile.Hosting{Provider: "Two", Country: "NL"},
			with(func(e *casefile.Episode) { e.Provider, e.ProviderSince = "Two", now })},
		"another country, the same provider": {known, casefile.Hosting{Provider: "One", Country: "DE"},
			with(func(e *casefile.Episode) { e.Country, e.CountrySince = "DE", now })},
		"moved": {known, casefile.Hosting{Provider: "Two", Country: "DE"},
			with(func(e *casefile.Episode) {
				e.Provider, e.Country, e.ProviderSince, e.CountrySince = "Two", "DE", now, now
			})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, hostedBy(test.before, test.h, now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A long or broken name must not look like another provider at every visit.
func TestHostedByTakesForeignNames(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for _, name := range []string{strings.Repeat("é", 150), "a\x00b", "\xff\xfe", strings.Repeat("x", 199) + "é"} {
		e := hostedBy(casefile.Episode{}, casefile.Hosting{Provider: name}, now)
		if again := hostedBy(e, casefile.Hosting{Provider: name}, now.Add(time.Hour)); again != e || len(e.Provider) > casefile.MaxProvider {
			t.Errorf("%q: %+v, then %+v", name, e, again)
		}
	}
}
