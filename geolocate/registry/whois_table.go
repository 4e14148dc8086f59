package registry

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
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
