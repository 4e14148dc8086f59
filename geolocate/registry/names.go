package registry

import (
	"slices"
	"strings"
	"unicode"
)

// plainName is a tidied name of a network, an organisation or a person; empty when it is
// none: an e-mail address, a URL, a placeholder, or what stands for something hidden.
func plainName(s string) string {
	s = tidy(s)
	lower := strings.ToLower(s)
	switch {
	case strings.Trim(s, "*-_.=# /\\x\u00a0") == "", lower == "n/a", lower == "na", lower == "none", lower == "null", lower == "unknown", lower == "undefined", lower == "dummified": // the last in RIPE NCC's copies of other registries
		return ""
	case strings.HasPrefix(lower, "private customer"), strings.HasPrefix(lower, "private residence"), strings.HasPrefix(lower, "private individual"), lower == "private person":
		return "" // ARIN: customers whose names are not published (its policy on residential customers)
	case strings.Contains(lower, "redacted for privacy"), strings.Contains(lower, "gdpr masked"), lower == "redacted", strings.Contains(lower, "data protected"), strings.Contains(lower, "not disclosed"):
		return ""
	case strings.Contains(s, "@") && !strings.Contains(s, " "), strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "www.") && !strings.Contains(s, " "):
		return ""
	}
	return s
}

// addressWords stand in lines of postal addresses, in the languages that occur.
var addressWords = pattern(`(?i)\b(street|str\.?|road|rd\.?|avenue|ave\.?|blvd\.?|boulevard|floor|fl\.|suite|ste\.|p\.?\s?o\.?\s?box|postbus|postfach|apartado|bo[iî]te postale|building|bldg\.?|stra(ss|ß)e|strasse|rue|calle|carrera|cra\.?|rua|avenida|av\.|via|viale|ulica|ul\.|jl\.?|jalan|prospekt|weg|plein|straat|laan|room|rm\.?|zip|postcode|district|lane)\b`)

// instructions begin lines that tell the reader what to do.
var instructions = pattern(`(?i)^(for (any |all )?(abuse|spam)|please |send |contact:|contact us|report |to report|abuse\b|in case of|this (range|network|block|object) )`)

// useWords are the words of descriptions that say what a network is for, and not whose it is.
var useWords = wordSet(`
a adsl access address addresses aggregate allocated allocation and are assigned assignment assignments at b2b b2c backbone block broadband business
cable cgn cgnat client clients cloud colo colocation colocated connectivity connection connections core corporate customer customers data
datacenter datacentre center centre dedicated dhcp dialup dial-up dial-in docsis dsl dynamic dynamically end end-user end-users endusers equipment ethernet
fiber fibre fixed for ftth gpon home host hosted hosting hosts housing in infra infrastructure interconnect interconnection internal internet ip ipoe ips
ipv4 ipv6 is isp lan lans leased lines link links loopback loopbacks management mobile mpls nat net network networks of on our p2p point-to-point pool pools
ppp pppoe private provider public range ranges reserved residential retail route router routers segment server servers service services shared space static
statically subnet subnets subscriber subscribers telecommunication telecommunications the this to transit transport udc use used user users via virtual vlan voip vpn vps
vds wan web wholesale wifi wi-fi wireless wlan xdsl`)

// cut bounds a text to so many bytes, without half a letter at its end.
func cut(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

// hasAny says whether one of the words stands in a text, opensWith whether it begins with one.
func hasAny(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}

func opensWith(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(s, w) })
}

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for _, word := range strings.Fields(s) {
		m[word] = true
	}
	return m
}

// ofUse says whether a line has none but words of use: "Dynamic IP pool for broadband
// customers". Numbers count as such.
func ofUse(s string) bool {
	for _, word := range strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' }) {
		word = strings.Trim(word, "-")
		if word != "" && !useWords[word] && strings.ContainsFunc(word, unicode.IsLetter) {
			return false
		}
	}
	return true
}

// describes says whether a line of a description names someone: not a line of an address,
// a rule of dashes, an e-mail address, a URL, what the network is for, or the word of a machine that made the object.
func describes(s string) bool {
	s = strings.TrimSpace(s)
	lower := strings.ToLower(s)
	switch {
	case plainName(s) == "", strings.Contains(s, "@"), strings.Contains(lower, "://"), strings.HasPrefix(lower, "imported inetnum object"), strings.HasPrefix(lower, "imported from"), strings.HasPrefix(lower, failedCheck):
		return false
	case strings.HasPrefix(s, "*"), strings.HasPrefix(s, "--"), strings.HasPrefix(s, "=="), strings.HasPrefix(s, "##"):
		return false
	case countryNames()[lower] != "", ofUse(s), instructions().MatchString(s):
		return false
	case strings.ContainsAny(s, "0123456789") && addressWords().MatchString(s):
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
