package registry

import (
	"slices"
	"strings"
)

// stateFree is the entry of whois_statuses.csv for a name that nobody holds.
const stateFree = "free"

// state takes the value of a line for the state of the domain: one or several words,
// with explanations in brackets and links behind them. JPRS writes the end of the
// registration in brackets.
func (g *registration) state(value string) {
	words, brackets, _ := strings.Cut(value, "(")
	if g.rule.alias == "jp" && brackets != "" && strings.HasPrefix(foldWords(words), "connected") {
		g.date("expires", brackets)
	}
	if lower := strings.ToLower(value); strings.HasPrefix(lower, "http") {
		return
	}
	if i := strings.Index(words, "http"); i > 0 {
		words = words[:i]
	}
	if i := strings.Index(words, " - "); i > 0 { // KazNIC: "ok - Normal state."
		words = words[:i]
	}
	for _, word := range splitStates(words) {
		g.word(word)
	}
}

func (g *registration) word(word string) {
	folded := foldWords(word)
	if folded == "" || len(g.states) > 4*maxStatus {
		return
	}
	epp, known := stateWords()[[2]string{g.rule.alias, folded}]
	if !known {
		epp, known = stateWords()[[2]string{"*", folded}]
	}
	switch {
	case !known:
		g.states = append(g.states, word)
	case epp == stateFree:
		g.free = true
	case epp != "-":
		g.states = append(g.states, strings.Fields(epp)...)
	}
}

// splitStates parts "REGISTERED, DELEGATED", "inactive / clientHold" and lists of EPP
// names with blanks between them.
func splitStates(s string) []string {
	parts := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == '/' || c == ';' || c == '|' })
	var out []string
	for _, p := range parts {
		words := strings.Fields(strings.Trim(p, " \t-"))
		if len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { return eppStatus[strings.ToLower(strings.Trim(w, "-"))] == "" }) {
			out = append(out, words...)
			continue
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}
