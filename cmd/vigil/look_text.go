package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"vigil/casefile"
)

// textWidth is the width that the text of a look keeps to, in characters; only a word
// that is longer by itself goes beyond it.
const textWidth = 100

// printText prints a look for people. What was decided comes before what it rests on.
func printText(w io.Writer, r looked) error {
	if r.refused != nil {
		_, err := fmt.Fprintf(w, "%s\n  refused: %s\n", r.refused.Target, r.refused.Problem.Detail)
		return err
	}
	l := r.line
	fmt.Fprintf(w, "%s\n  %s: %s (ICCAM reason %d)\n", l.Target, l.Verdict.State, l.Verdict.Reason, l.Verdict.ICCAMReason)
	for _, s := range l.Verdict.Signals {
		if l.Explanation != nil { // it has them in words
			break
		}
		wrapped(w, fmt.Sprintf("    %-22s ", s.Name), fmt.Sprintf("%s -> %s", s.Value, s.PointsTo))
	}
	printHosting(w, l.Hosting)
	printRegistrar(w, l.Hosting.Registrar)
	printContacts(w, l.Hosting.Contacts)
	_, err := fmt.Fprintf(w, "  for: %s (%s)\n", orUnknown(strings.Join(l.Assignment.Hotlines, ", ")), l.Assignment.Policy)
	if err == nil && l.Explanation != nil {
		_, err = io.WriteString(w, l.Explanation.Text("  "))
	}
	return err
}

// decision is the country with its confidence.
func decision(h hostingShape) string {
	if h.Country == "" {
		return "country not decided"
	}
	text := fmt.Sprintf("%s (confidence %.2f)", h.Country, h.Confidence)
	if h.Disputed {
		text += ", disputed"
	}
	return text
}

func printHosting(w io.Writer, h hostingShape) {
	by := orUnknown(h.Provider)
	if h.ASN != 0 {
		by += fmt.Sprintf(", AS%d", h.ASN)
	}
	if h.Network != "" {
		by += ", " + h.Network
	}
	wrapped(w, "  hosted: ", decision(h)+"; "+by)
	for _, d := range h.Dissent {
		wrapped(w, "    dissent: ", d)
	}
	if p := h.Platform; p != nil {
		wrapped(w, "  platform: ", fmt.Sprintf("%s (%s), by %s", p.Name, plain(p.Kind), p.Evidence))
		printSigns(w, p.Signs)
	}
	if e := h.Edge; e != nil {
		wrapped(w, "  behind: ", fmt.Sprintf("%s (%s), by %s", e.Name, plain(orNone(e.Kind)), e.Evidence))
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
	wrapped(w, "  origin: ", origin)
}

func printSigns(w io.Writer, signs []string) {
	for _, s := range signs {
		wrapped(w, "    sign: ", s)
	}
}

// printRegistrar prints the domain side; nothing when no registry told it.
func printRegistrar(w io.Writer, r *casefile.Registrar) {
	if r == nil {
		return
	}
	text := orUnknown(r.Name)
	if r.IANAID != 0 {
		text += fmt.Sprintf(" (IANA %d)", r.IANAID)
	}
	wrapped(w, "  registrar: ", text)
	if len(r.DomainStatus) > 0 {
		wrapped(w, "    status: ", strings.Join(r.DomainStatus, ", "))
	}
	var dates []string
	for _, d := range []struct {
		what string
		at   time.Time
	}{{"created", r.Created}, {"updated", r.Updated}, {"expires", r.Expires}} {
		if !d.at.IsZero() {
			dates = append(dates, d.what+" "+d.at.UTC().Format(time.DateOnly))
		}
	}
	if len(dates) > 0 {
		wrapped(w, "    domain: ", strings.Join(dates, ", "))
	}
	if len(r.Nameservers) > 0 {
		wrapped(w, "    name servers: ", strings.Join(r.Nameservers, ", "))
	}
	if len(r.NameserverOperators) > 0 {
		wrapped(w, "    run by: ", strings.Join(r.NameserverOperators, ", "))
	}
}

func printContacts(w io.Writer, contacts []casefile.Contact) {
	for _, c := range contacts {
		text := fmt.Sprintf("%s %s (%s)", c.Party, strings.Join(strings.Fields(c.Email+" "+c.Form), " "), c.Source)
		if c.Approved {
			text += ", approved"
		}
		if c.Language != "" {
			text += ", in " + c.Language
		}
		wrapped(w, "  contact: ", text)
		if c.Why != "" {
			wrapped(w, "           ", c.Why)
		}
	}
}

// wrapped prints text after head, broken between words at textWidth; further lines
// stand under the first.
func wrapped(w io.Writer, head, text string) {
	line, width, empty := head, len([]rune(head)), true
	indent := strings.Repeat(" ", width)
	at := width
	for _, word := range strings.Fields(text) {
		long := len([]rune(word))
		if !empty && at+1+long > textWidth {
			fmt.Fprintln(w, line)
			line, at, empty = indent, width, true
		}
		if !empty {
			line, at = line+" ", at+1
		}
		line, at, empty = line+word, at+long, false
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

// plain is a code as words.
func plain(code string) string { return strings.ReplaceAll(code, "_", " ") }

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
