package registry

import (
	"slices"
	"strings"
)

// maxMissingLines is how many lines that say something are searched for "no such
// object": the terms of use behind them talk of availability too.
const maxMissingLines = 40

// missingWords open the line of an answer that nobody holds the name.
var missingWords = []string{
	"no match", "not found", "no entries found", "no data found", "no object found", "no matching", "no found", "no such domain", "no information available", "no information about",
	"domain not found", "domain unknown", "domain does not exist", "domain not registered", "domain has not been registered", "domain is available", "domain is free",
	"domain name not found", "domain name not known", "domain name does not exist", "domain name is available", "domain status: available", "domain status: no object found",
	"object does not exist", "object not found", "object_not_found", "the queried object does not exist", "the domain name is not registered", "the domain has not been registered",
	"the domain you requested is not known", "the requested domain was not found", "the domain was not found", "this domain name has not been registered", "this domain is available",
	"this domain name is available", "requested domain not found", "requested object not found", "nothing found", "nincs talalat", "nincs találat", "no information was found", "invalid domain name", "second level domain name is reserved", "not available for registration", "no se encontro", "no_se_encontro", "no data was found", "dominio no encontrado", "el dominio no",
	"available for registration", "status: free", "status: available", "not registered", "is free", "error:101", "%error:101", "error 101", "error:103", "record does not exist", "no records",
	"above domain name is not registered", "상기 도메인이름은 등록되어 있지 않습니다", "unknown domain", "domain_not_found", "error: no entries found", "-1: not found", "domain name has not been registered",
	"this query returned 0 objects", "invalid query or domain name not known", "not available for second level registration", "no record found",
	// reserved and refused names: nobody holds them either
	"reserved by the registry", "reserved by registry", "reserved name", "reserved domain", "this domain name is reserved", "this name is reserved", "the registration of this domain is restricted",
	"domain name is reserved", "this name is not available for registration", "domain is reserved", "the domain name is reserved", "this domain has been reserved",
}

// missingTails end a line that starts with the name itself, or has it in it.
var missingTails = []string{
	"is free", "is available", "not found", "not found.", "is available for registration", "is not registered", "not registered", "does not exist", "no match", "is available for purchase",
	"was not found", "is unassigned", "- no match", "is not found", "is available.", "has not been registered", "is not available for registration", "is reserved", "status: free", "is still available", "no entries found", "no data found",
}

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
		if domreg || opensWith(line, missingWords) {
			return true
		}
		behind := func(tail string) bool {
			return strings.HasSuffix(line, tail) || strings.Contains(line, tail+" ") || strings.Contains(line, tail+",")
		}
		if strings.Contains(line, name) && slices.ContainsFunc(missingTails, behind) {
			return true
		}
	}
	return false
}

// slowDown are words of servers that were asked too often; turnedAway are those of
// servers that do not serve us at all. Both stand in short answers.
var (
	slowDown = []string{
		"quota", "limit exceeded", "limit has been exceeded", "limit reached", "exceeded your", "exceeded the", "connection limit", "rate limit", "query rate", "too many", "excessive quer",
		"maximum number of", "please slow down", "try again later", "too often", "grace period of", "temporarily blocked", "queries per", "number of queries",
	}
	turnedAway = []string{
		"requests of this client are not permitted", "access denied", "not authorised", "not authorized", "blacklisted", "blocked", "permission denied", "not permitted", "access restricted",
		"service is not available", "only available via", "use the web", "web-based whois", "no whois server", "tld is not supported", "invalid query", "not supported",
	}
)

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
	case hasAny(text, slowDown):
		return ProblemRateLimited
	case hasAny(text, turnedAway):
		return ProblemServer
	}
	return ""
}
