package registry

import (
	_ "embed"
	"strings"
)

// countryCode folds a two-letter code; empty when it is none. It is not checked
// against ISO 3166 here.
func countryCode(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	s, _, _ = strings.Cut(s, " ") // RPSL comments: "EU # country is really world wide"
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return ""
	}
	return s
}

// ofOneCountry says whether a folded code is a country's: registries write EU and AP for
// networks of a whole region, and ZZ for none (codes that ISO 3166-1 reserves for such uses).
func ofOneCountry(code string) bool {
	return code != "" && code != "EU" && code != "AP" && code != "ZZ"
}

//go:embed countries.csv
var countriesCSV string

// countryNames are the codes by name in small letters. ARIN's RDAP networks have no
// country member, so that the name in the registrant's address is all there is.
var countryNames = mapOf(countriesCSV, -1, func(m map[string]string, row []string) {
	for _, name := range row[1:] {
		m[strings.ToLower(name)] = row[0]
	}
})

// countryNamed reads a code or a name of countries.csv.
func countryNamed(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), ".,;")
	if code := countryCode(s); code != "" && len(s) == 2 {
		return code
	}
	return countryNames()[strings.ToLower(s)]
}
