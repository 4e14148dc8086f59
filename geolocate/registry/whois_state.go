package registry

import (
	"slices"
	"strings"
)

// maxMissingLines is how many lines that say something are searched for "no such
// object": the terms of use behind them talk of availability too.
const maxMissingLines = 40

// missingDomain recognises the words of registries for "nobody holds this name": at the start
// of a line, or behind the name.
func missingDomain(text, name string) bool {
	seen := 0
	for line := range strings.Lines(text) {
		line = strings.ToLower(strings.Trim(strings.TrimSpace(line), "%#*>-[]!. \t"))
		if line == "" {
			continue
		}
		if seen++; seen > maxMissingLines {
			return false
		}
		domreg := strings.HasPrefix(line, "invalid ") && strings.HasSuffix(line, " domain name")
		if domreg || opensWith(line, "missing") {
			return true
		}
		behind := func(tail string) bool {
			return strings.HasSuffix(line, tail) || strings.Contains(line, tail+" ") || strings.Contains(line, tail+",")
		}
		if strings.Contains(line, name) && slices.ContainsFunc(phrases()["missing behind"], behind) {
			return true
		}
	}
	return false
}

// maxRefusal bounds the bytes of an answer that is taken for a refusal.
const maxRefusal = 2500

// declined recognises a server that gave no answer on purpose: rate_limited when a later
// question may be answered, server_error when it will not (whois.nic.ch and whois.nic.li
// refuse all of port 43).
func declined(text string) Problem {
	if len(text) > maxRefusal {
		return ""
	}
	switch text = strings.ToLower(text); {
	case hasAny(text, "slow down"):
		return ProblemRateLimited
	case hasAny(text, "turned away"):
		return ProblemServer
	}
	return ""
}

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
	for _, behind := range []string{"http", " - "} { // KazNIC: "ok - Normal state."
		if i := strings.Index(words, behind); i > 0 {
			words = words[:i]
		}
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
