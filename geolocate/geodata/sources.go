package geodata

import (
	"cmp"
	_ "embed"
	"net/url"
	"slices"
	"strings"
	"time"

	"vigil/geolocate/mmdb"
	"vigil/internal/operatorcsv"
)

// Source is a publisher's database.
type Source struct {
	Name string // empty for one that the operator wrote down
	Kind mmdb.Kind
	// URL is https; {yyyy-mm} stands for the month in UTC, and when that is not there for the month before.
	URL string
	// SHA256 is the digest of the download in hexadecimal, or the URL of a file that begins with it, or empty.
	SHA256 string
	// Licence and Attribution are for people; an empty attribution means that none is asked for.
	Licence, Attribution string
	// Renewed says how often, for people.
	Renewed string
	// Account says that MaxMind's account and key are sent.
	Account bool
	// World says that the database covers all countries: then it must know the well-known addresses.
	World bool
	// Least and Most bound the size of the database, in bytes; Most that of the download too. 0 means 1 and
	// 256 MiB.
	Least, Most int64
}

// Sizes of the databases of the built-in sources in 2026: 5 to 15 MB, 3 to 10 MB packed.
const (
	worldLeast = 1 << 20
	worldMost  = 128 << 20
)

//go:embed sources.csv
var sourcesCSV string

// Sources are the built-in ones, of sources.csv. All cover the world.
func Sources() []Source {
	var all []Source
	err := operatorcsv.Table(sourcesCSV, 8, func(row []string) error {
		all = append(all, Source{
			Name: row[0], Kind: mmdb.Kind(row[1]), URL: row[2], SHA256: row[3], Licence: row[4], Attribution: row[5], Renewed: row[6],
			Account: row[7] == "account", World: true, Least: worldLeast, Most: worldMost,
		})
		return nil
	})
	if err != nil {
		panic(err) // the table is part of the program
	}
	return all
}

// Find is the built-in source of a name.
func Find(name string) (Source, bool) {
	all := Sources()
	if i := slices.IndexFunc(all, func(s Source) bool { return s.Name == name }); i >= 0 {
		return all[i], true
	}
	return Source{}, false
}

const month = "{yyyy-mm}"

// urls are where the database may be, newest first.
func (s Source) urls(now time.Time) []string {
	if !strings.Contains(s.URL, month) {
		return []string{s.URL}
	}
	now = now.UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	return []string{
		strings.ReplaceAll(s.URL, month, first.Format("2006-01")),
		strings.ReplaceAll(s.URL, month, first.AddDate(0, -1, 0).Format("2006-01")),
	}
}

// shown is where the database comes from, for people.
func (s Source) shown(now time.Time) string { return withoutQuery(s.urls(now)[0]) }

// withoutQuery takes off what may hold a token.
func withoutQuery(raw string) string {
	at, err := url.Parse(raw)
	if err != nil {
		return "(no URL)"
	}
	at.RawQuery, at.Fragment, at.User = "", "", nil
	return at.String()
}

func (s Source) least() int64 { return max(1, s.Least) }

func (s Source) most() int64 { return cmp.Or(s.Most, defaultMost) }
