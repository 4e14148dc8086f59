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
