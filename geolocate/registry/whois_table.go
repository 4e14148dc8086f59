package registry

import (
	"embed"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
	"unicode"
)

// tableFiles are the tables of words with which answers about domains are read. Each
// row of states and of top-level domains has its source.
//
//go:embed whois_labels.csv whois_statuses.csv whois_tlds.csv
var tableFiles embed.FS

// labelFields says what a folded label means: see whois_labels.csv.
var labelFields = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, row := range mustTable("whois_labels.csv", "field", "label") {
		m[foldLabel(row[1])] = row[0]
	}
	return m
})

// tldRule is how a registry writes: see whois_tlds.csv.
type tldRule struct {
	alias string // the top-level domain whose words hold
	dates dayOrder
}

var tldRules = sync.OnceValue(func() map[string]tldRule {
	m := map[string]tldRule{}
	for _, row := range mustTable("whois_tlds.csv", "tld", "alias", "dates", "source") {
		m[row[0]] = tldRule{alias: row[1], dates: dayOrder(row[2])}
	}
	return m
})

// stateWords maps a top-level domain and a folded word to EPP names: see whois_statuses.csv.
var stateWords = sync.OnceValue(func() map[[2]string]string {
	m := map[[2]string]string{}
	for _, row := range mustTable("whois_statuses.csv", "tld", "word", "epp", "source") {
		m[[2]string{row[0], foldWords(row[1])}] = row[2]
	}
	return m
})

// mustTable reads an embedded table; one that cannot be read is a fault of the program,
// found by every test of the package.
func mustTable(file string, columns ...string) [][]string {
	raw, err := tableFiles.ReadFile(file)
	if err != nil {
		panic(err)
	}
	r := csv.NewReader(strings.NewReader(string(raw)))
	r.Comment = '#'
	r.FieldsPerRecord = len(columns)
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		panic(fmt.Errorf("%s: %w", file, err))
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != strings.Join(columns, ",") {
		panic(fmt.Errorf("%s: the first row must be %s", file, strings.Join(columns, ",")))
	}
	return rows[1:]
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
