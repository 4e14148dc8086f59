package registry

import (
	_ "embed"
	"net/netip"
	"strings"
	"sync"
	"unicode"

	"github.com/gaissmai/bart"

	"vigil/internal/operatorcsv"
)

// The tables of words with which answers about domains are read. Each row of states and
// of top-level domains has its source.
var (
	//go:embed whois_labels.csv
	labelsCSV string
	//go:embed whois_statuses.csv
	statusesCSV string
	//go:embed whois_tlds.csv
	tldsCSV string
	//go:embed phrases.csv
	phrasesCSV string
)

// phrases are the words by which answers are read, by kind: see phrases.csv.
var phrases = mapOf(phrasesCSV, 2, func(m map[string][]string, row []string) { m[row[0]] = append(m[row[0]], row[1]) })

// labelFields says what a folded label means: see whois_labels.csv.
var labelFields = mapOf(labelsCSV, 2, func(m map[string]string, row []string) { m[foldLabel(row[1])] = row[0] })

// tldRule is how a registry writes: see whois_tlds.csv.
type tldRule struct {
	alias string // the top-level domain whose words hold
	dates dayOrder
}

var tldRules = mapOf(tldsCSV, 4, func(m map[string]tldRule, row []string) { m[row[0]] = tldRule{row[1], dayOrder(row[2])} })

// stateWords maps a top-level domain and a folded word to EPP names: see whois_statuses.csv.
var stateWords = mapOf(statusesCSV, 4, func(m map[[2]string]string, row []string) { m[[2]string{row[0], foldWords(row[1])}] = row[2] })

// mapOf is an embedded table as a map, made when it is first asked.
func mapOf[K comparable, V any](text string, fields int, add func(m map[K]V, row []string)) func() map[K]V {
	return sync.OnceValue(func() map[K]V {
		m := map[K]V{}
		mustTable(text, fields, func(row []string) { add(m, row) })
		return m
	})
}

// foldLabel is a label in small letters of any script; all else is one blank.
func foldLabel(s string) string {
	if i := strings.IndexAny(s, "(["); i > 0 { // "Creation Date (dd/mm/yyyy)"
		s = s[:i]
	}
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }), " ")
}

// foldWords is a value in small letters and digits of any script; all else is one blank.
func foldWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '\''
	}), " ")
}

// tldOf is the top-level domain of a name and the rule of its registry. The alias is
// the domain itself when it has none.
func tldOf(name string) tldRule {
	tld := name[strings.LastIndexByte(name, '.')+1:]
	rule := tldRules()[tld]
	if rule.alias == "" {
		rule.alias = tld
	} else if rule.dates == "" {
		rule.dates = tldRules()[rule.alias].dates
	}
	return rule
}

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

//go:embed reserved.csv
var reservedCSV string

var reserved = sync.OnceValue(func() *bart.Table[string] {
	t := &bart.Table[string]{}
	mustTable(reservedCSV, 2, func(row []string) { t.Insert(netip.MustParsePrefix(row[0]), row[1]) })
	return t
})

// mustTable reads an embedded table. One that cannot be read is a fault of the program,
// found by every test of the package.
func mustTable(text string, fields int, each func(row []string)) {
	if err := operatorcsv.Table(text, fields, func(row []string) error { each(row); return nil }); err != nil {
		panic("registry: read an embedded table: " + err.Error())
	}
}

// Reserved says what a special-purpose address is for; empty for an address that a
// provider can hold.
func Reserved(addr netip.Addr) string {
	why, _ := reserved().Lookup(addr)
	return why
}
