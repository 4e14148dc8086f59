package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/words"
)

// printText prints a look for people. What was decided comes before what it rests on.
func printText(w io.Writer, r looked) error {
	if r.refused != nil {
		_, err := fmt.Fprintf(w, "%s\n  refused: %s\n", r.refused.Target, r.refused.Problem.Detail)
		return err
	}
	l, say := r.line, words.In(words.English)
	fmt.Fprintf(w, "%s\n  %s: %s (ICCAM reason %d)\n", l.Target, l.Verdict.State, l.Verdict.Reason, l.Verdict.ICCAM)
	if l.Explanation == nil { // it has all this in words
		explain.Wrap(w, "    ", say.Say("reason", l.Verdict.Reason))
		for _, s := range l.Verdict.Signals {
			explain.Wrap(w, fmt.Sprintf("    %-9s ", explain.PointsTo(say, s)), explain.Signal(say, s))
		}
	}
	printHosting(w, say, l.Hosting)
	printRegistrar(w, l.Hosting.Registrar)
	printContacts(w, say, l.Hosting.Contacts)
	hotlines := cmp.Or(strings.Join(l.Assignment.Hotlines, ", "), "unknown")
	_, err := fmt.Fprintf(w, "  for: %s (%s)\n", hotlines, say.Say("policy", l.Assignment.Policy))
	if err == nil && l.Explanation != nil {
		_, err = io.WriteString(w, l.Explanation.Text("  "))
	}
	return err
}

// decision is the country with its confidence.
func decision(h casefile.Hosting) string {
	if h.Country == "" {
		return "country not decided"
	}
	text := fmt.Sprintf("%s (confidence %.2f)", h.Country, h.Confidence)
	if h.Disputed {
		text += ", disputed"
	}
	return text
}

func printHosting(w io.Writer, say *words.Words, h casefile.Hosting) {
	by := cmp.Or(h.Provider, "unknown")
	if h.ASN != 0 {
		by += fmt.Sprintf(", AS%d", h.ASN)
	}
	if h.Network.IsValid() {
		by += ", " + h.Network.String()
	}
	explain.Wrap(w, "  hosted: ", decision(h)+"; "+by)
	for _, d := range h.Dissent {
		explain.Wrap(w, "    dissent: ", d)
	}
	if p := h.Platform; p != nil {
		explain.Wrap(w, "  platform: ", fmt.Sprintf("%s (%s), by %s", p.Name, say.Say("platform", p.Kind), say.Say("evidence", p.Evidence)))
		printSigns(w, p.Signs)
	}
	if e := h.Edge; e != nil {
		kind := say.Say("edge", cmp.Or(e.Kind, "none"))
		explain.Wrap(w, "  behind: ", fmt.Sprintf("%s (%s), by %s", e.Name, kind, say.Say("evidence", e.Evidence)))
		printSigns(w, e.Signs)
	}
	origin := "known"
	switch {
	case h.Origin != casefile.OriginKnown && h.Edge != nil:
		origin = "unknown: an edge stands in front of it"
	case h.Origin != casefile.OriginKnown:
		origin = "unknown"
	case h.Edge != nil:
		origin = "known, behind the edge"
	}
	explain.Wrap(w, "  origin: ", origin)
}

func printSigns(w io.Writer, signs []string) {
	for _, s := range signs {
		explain.Wrap(w, "    sign: ", s)
	}
}

// printRegistrar prints the domain side; nothing when no registry told it.
func printRegistrar(w io.Writer, r *casefile.Registrar) {
	if r == nil {
		return
	}
	text := cmp.Or(r.Name, "unknown")
	if r.IANAID != 0 {
		text += fmt.Sprintf(" (IANA %d)", r.IANAID)
	}
	explain.Wrap(w, "  registrar: ", text)
	list := func(label string, all []string) {
		if len(all) > 0 {
			explain.Wrap(w, "    "+label+": ", strings.Join(all, ", "))
		}
	}
	list("status", r.DomainStatus)
	var dates []string
	for _, d := range []struct {
		what string
		at   time.Time
	}{{"created", r.Created}, {"updated", r.Updated}, {"expires", r.Expires}} {
		if !d.at.IsZero() {
			dates = append(dates, d.what+" "+d.at.UTC().Format(time.DateOnly))
		}
	}
	list("domain", dates)
	list("name servers", r.Nameservers)
	list("run by", r.NameserverOperators)
}

func printContacts(w io.Writer, say *words.Words, contacts []casefile.Contact) {
	for _, c := range contacts {
		at := strings.Join(strings.Fields(c.Email+" "+c.Form), " ")
		text := fmt.Sprintf("%s %s (%s)", strings.ToLower(say.Say("party", c.Party)), at, say.Say("source", c.Source))
		if c.Approved {
			text += ", approved"
		}
		if c.Language != "" {
			text += ", in " + c.Language
		}
		explain.Wrap(w, "  contact: ", text)
		if c.Why != "" {
			explain.Wrap(w, "           ", c.Why)
		}
	}
}
