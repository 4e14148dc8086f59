package registry

import (
	"regexp"
	"strings"
)

// plainName is a tidied name of a network, an organisation or a person; empty when it is
// none: an e-mail address, a URL, a placeholder, or what stands for something hidden.
func plainName(s string) string {
	s = tidy(s)
	lower := strings.ToLower(s)
	switch {
	case strings.Trim(s, "*-_.=# /\\x\u00a0") == "", lower == "n/a", lower == "na", lower == "none", lower == "null", lower == "unknown", lower == "undefined":
		return ""
	case strings.Contains(lower, "redacted for privacy"), strings.Contains(lower, "gdpr masked"), lower == "redacted", strings.Contains(lower, "data protected"), strings.Contains(lower, "not disclosed"):
		return ""
	case strings.Contains(s, "@") && !strings.Contains(s, " "), strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "www.") && !strings.Contains(s, " "):
		return ""
	}
	return s
}

// addressWords stand in lines of postal addresses, in the languages that occur.
var addressWords = regexp.MustCompile(`(?i)\b(street|str\.?|road|rd\.?|avenue|ave\.?|blvd\.?|boulevard|floor|fl\.|suite|ste\.|p\.?\s?o\.?\s?box|postbus|postfach|apartado|bo[iî]te postale|building|bldg\.?|stra(ss|ß)e|strasse|rue|calle|carrera|cra\.?|rua|avenida|av\.|via|viale|ulica|ul\.|jl\.?|jalan|prospekt|weg|plein|straat|laan|room|rm\.?|zip|postcode|district|lane)\b`)

// instructions begin lines that tell the reader what to do.
var instructions = regexp.MustCompile(`(?i)^(for (any |all )?(abuse|spam)|please |send |contact:|contact us|report |to report|abuse\b|in case of|this (range|network|block|object) )`)

// describes says whether a line of a description names someone: not a line of an address,
// a rule of dashes, an e-mail address, a URL, or the word of a machine that made the object.
func describes(s string) bool {
	s = strings.TrimSpace(s)
	lower := strings.ToLower(s)
	switch {
	case plainName(s) == "", strings.Contains(s, "@"), strings.Contains(lower, "://"), strings.HasPrefix(lower, "imported inetnum object"), strings.HasPrefix(lower, "imported from"):
		return false
	case strings.HasPrefix(s, "*"), strings.HasPrefix(s, "--"), strings.HasPrefix(s, "=="), strings.HasPrefix(s, "##"):
		return false
	case countryNames[lower] != "", instructions.MatchString(s):
		return false
	case strings.ContainsAny(s, "0123456789") && addressWords.MatchString(s):
		return false
	}
	letters := 0
	for _, c := range s {
		if c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z' && c < 0x80 {
			continue
		}
		if c > '9' {
			letters++
		}
	}
	return letters > 1
}
