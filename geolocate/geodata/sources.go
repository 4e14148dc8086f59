package geodata

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"vigil/geolocate/mmdb"
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
	// Least and Most bound the size of the database, in bytes; Most that of the download too. 0 means 1 and 256 MiB.
	Least, Most int64
}

// Sizes of the databases of the built-in sources in 2026: 5 to 15 MB, 3 to 10 MB packed.
const (
	worldLeast = 1 << 20
	worldMost  = 128 << 20
)

const (
	releases  = "https://github.com/sapics/ip-location-db/releases/download/"
	dbip      = "https://download.db-ip.com/free/"
	maxmind   = "https://download.maxmind.com/geoip/databases/"
	byDBIP    = "IP Geolocation by DB-IP (https://db-ip.com)"
	byMaxMind = "This product includes GeoLite2 data created by MaxMind, available from https://www.maxmind.com"
)

// Sources are the built-in ones, as their publishers described them on 2026-11-23:
// the README, CHANGELOG and release notes of sapics/ip-location-db (GitHub Releases
// since 2026-06-18, digests under the tag "checksum"), db-ip.com/db/lite.php, and
// dev.maxmind.com/geoip/updating-databases (basic authentication, suffix=tar.gz.sha256).
// docs/geodata.md has the table with their licences.
func Sources() []Source {
	world := func(s Source) Source {
		s.World, s.Least, s.Most = true, worldLeast, worldMost
		return s
	}
	free := func(name string, kind mmdb.Kind) Source {
		return world(Source{
			Name: "ip-location-db-" + name, Kind: kind, URL: releases + "latest/" + name + ".mmdb", SHA256: releases + "checksum/" + name + ".mmdb.sha256",
			Licence: "PDDL 1.0", Renewed: "daily",
		})
	}
	lite := func(kind mmdb.Kind) Source {
		return world(Source{
			Name: "dbip-" + string(kind) + "-lite", Kind: kind, URL: dbip + "dbip-" + string(kind) + "-lite-{yyyy-mm}.mmdb.gz",
			Licence: "CC BY 4.0", Attribution: byDBIP, Renewed: "monthly",
		})
	}
	geolite := func(name string, kind mmdb.Kind) Source {
		at := maxmind + name + "/download?suffix=tar.gz"
		return world(Source{
			Name: strings.ToLower(name), Kind: kind, URL: at, SHA256: at + ".sha256", Account: true,
			Licence: "GeoLite End User License Agreement", Attribution: byMaxMind, Renewed: "twice a week",
		})
	}
	return []Source{
		free("server-country", mmdb.KindCountry), free("origin-asn", mmdb.KindASN), lite(mmdb.KindCountry), lite(mmdb.KindASN),
		geolite("GeoLite2-Country", mmdb.KindCountry), geolite("GeoLite2-ASN", mmdb.KindASN),
	}
}

// Find is the built-in source of a name.
func Find(name string) (Source, bool) {
	for _, s := range Sources() {
		if s.Name == name {
			return s, true
		}
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
