package registry

import (
	"context"
	"strings"

	whoisparser "github.com/likexian/whois-parser"
)

// whoisDomain asks WHOIS for a domain: the registry, and the registrar it refers to.
func (r *Registry) whoisDomain(ctx context.Context, name string) (Domain, Problem) {
	texts, problem := r.whoisAnswers(ctx, func(string) string { return name })
	var d Domain
	found := false
	for _, text := range texts { // the registry first: its word counts, the registrar's fills gaps
		next, p := parseDomain(text, name)
		if p != "" {
			if !found && problem == "" && p != ProblemNotFound {
				problem = p
			}
			continue
		}
		if !found {
			d, found = next, true
			continue
		}
		if d.Registrar == "" {
			d.Registrar = next.Registrar
		}
		if d.AbuseEmail == "" {
			d.AbuseEmail = next.AbuseEmail
		}
	}
	switch {
	case found:
		return d, ""
	case problem != "":
		return Domain{}, problem
	}
	return Domain{}, ProblemNotFound
}

// parseDomain reads a registration. The library names registrar, status and dates;
// the abuse contact it does not know is read here.
func parseDomain(text, name string) (d Domain, problem Problem) {
	defer func() {
		if recover() != nil {
			d, problem = Domain{}, ProblemBroken
		}
	}()
	info, err := whoisparser.Parse(text)
	if err != nil || info.Domain == nil || info.Domain.Domain == "" {
		if missing(text) {
			return Domain{}, ProblemNotFound
		}
		return Domain{}, ProblemBroken
	}
	if !strings.EqualFold(strings.TrimSuffix(info.Domain.Domain, "."), name) && !strings.EqualFold(info.Domain.Punycode, name) {
		return Domain{}, ProblemOtherObject
	}
	d.Status = statuses(info.Domain.Status)
	if at := info.Domain.CreatedDateInTime; at != nil {
		d.Created = at.UTC()
	}
	if at := info.Domain.ExpirationDateInTime; at != nil {
		d.Expires = at.UTC()
	}
	if info.Registrar != nil {
		if d.Registrar = tidy(info.Registrar.Name); d.Registrar == "" {
			d.Registrar = tidy(info.Registrar.Organization)
		}
	}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok || d.AbuseEmail != "" {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "registrar abuse contact email", "abuse contact email", "registrar abuse email", "abuse-mailbox":
			d.AbuseEmail = tidyEmail(value)
		}
	}
	return d, ""
}

// missing recognises the words for "no such object".
func missing(text string) bool {
	text = strings.ToLower(text)
	for _, words := range []string{"no match", "not found", "no entries found", "no data found", "no object found", "is free", "is available", "error:101"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
