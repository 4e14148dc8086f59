// Package notices tells the parties: it knows which hotline must act on a case,
// writes the messages to hotlines and providers, and hands each over at most once.
//
// A hosting decision and a case come in; an assignment, notices and, through the
// outbox, proofs of dispatch go out. Composer assigns and composes: it is pure but for
// its templates. Outbox sends what a store holds, through a sender such as
// notices/smtp.
//
// The room never looks at a URL, never puts anything seen there into a message,
// never puts a URL or a host into a subject, a log line or an error, and never
// sends a message a second time when it cannot know what became of the first.
package notices

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"

	"vigil/casefile"
	"vigil/internal/email"
	"vigil/words"
)

// Options are what a Composer needs to know.
type Options struct {
	// Directory is required: the hotlines by country.
	Directory *Directory
	// OrphanCountry is the operator's own country: it gets the cases of countries without a
	// hotline, of an unknown country, and of an origin that hides behind an edge. It must have a
	// hotline in the directory. Empty: such cases are assigned to nobody.
	OrphanCountry string
	// From is the notifier: a mailbox such as "Hotline <desk@hotline.example>". Its name and address
	// stand in each notice, as DSA Art. 16(2)(c) asks. Required with Send.
	From string
	// Organisation is the notifier's organisation; default: the name in From, or its domain.
	Organisation string
	// Reason is why the content must go, in neutral legal words: DSA Art. 16(2)(a), a substantiated explanation.
	// Default: one that names no law; an operator should name the articles of its own.
	Reason string
	// Send says that notices with a mail address are queued to be sent. When it is off, all are drafts.
	Send bool
}

const maxReason = 2000

// Composer assigns cases and writes notices. It does not change after New; all its
// methods are safe for concurrent use.
type Composer struct {
	directory    *Directory
	orphan       string
	name, email  string // of the notifier
	organisation string
	reason       string
	send         bool
	templates    *template.Template
}

//go:embed templates/*.txt
var templateFiles embed.FS

// NewComposer checks the options and reads the templates. Its error names every
// option that is wrong and what to set.
func NewComposer(o Options) (*Composer, error) {
	if o.Directory == nil {
		return nil, errors.New("notices: a directory of hotlines is required")
	}
	var wrong []error
	d := &Composer{directory: o.Directory, send: o.Send, reason: o.Reason, organisation: clean(o.Organisation, maxName)}
	if o.OrphanCountry != "" {
		code := casefile.Country(o.OrphanCountry)
		switch {
		case code == "":
			wrong = append(wrong, fmt.Errorf("notices.country %q is not an ISO 3166-1 alpha-2 code", clean(o.OrphanCountry, 20)))
		case len(o.Directory.In(code)) == 0:
			wrong = append(wrong, fmt.Errorf("notices.country %s has no hotline in the directory: add yours to it", code))
		}
		d.orphan = code
	}
	if o.From != "" || o.Send {
		a, err := email.ParseMailbox(o.From)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("notices.from %w: a notice must name who sends it", err))
		} else {
			d.name, d.email = clean(a.Name, maxName), a.Address
		}
	}
	// DSA Art. 16(2)(c) asks for no name where the offence is of this kind.
	_, domain, _ := strings.Cut(d.email, "@")
	d.organisation = cmp.Or(d.organisation, d.name, domain)
	d.name, d.reason = cmp.Or(d.name, d.organisation), cmp.Or(d.reason, text("reason"))
	if len(d.reason) > maxReason {
		wrong = append(wrong, fmt.Errorf("the reason of notices is longer than %d bytes", maxReason))
	}
	d.reason = clean(d.reason, maxReason)
	if len(wrong) > 0 {
		return nil, fmt.Errorf("notices: %w", errors.Join(wrong...))
	}
	for _, said := range []*string{&d.name, &d.email, &d.organisation} {
		*said = cmp.Or(*said, text("not_set"))
	}
	var err error
	d.templates, err = readTemplates()
	return d, err
}

// readTemplates reads the templates of letters: what stands in [[ ]] is the same in every letter and is said here, once;
// what stands in {{ }} is filled in for each.
func readTemplates() (*template.Template, error) {
	once := template.New("").Delims("[[", "]]").Funcs(template.FuncMap{
		"tell": text, "para": para, "bullet": bullet, "quote": strconv.Quote,
		"label": func(label string) string { return strconv.Quote(fmt.Sprintf("  %-*s", column-2, label+":")) },
	})
	each := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"tell": text, "para": para, "bullet": bullet, "field": field, "clean": clean, "utc": utc, "percent": words.Percent,
		"addresses": addresses, "opinions": opinions,
	})
	if _, err := once.ParseFS(templateFiles, "templates/*.txt"); err != nil {
		return nil, err
	}
	for _, t := range once.Templates() {
		var said strings.Builder
		if err := t.Execute(&said, nil); err != nil {
			return nil, err
		}
		if _, err := each.Parse(said.String()); err != nil {
			return nil, err
		}
	}
	return each, nil
}

// text is a text of letters, or of why one did not leave.
func text(code string, values ...any) string {
	return words.In(words.English).Say("letter", code, values...)
}

func (d *Composer) render(name string, l letter) (string, error) {
	var b bytes.Buffer
	if err := d.templates.ExecuteTemplate(&b, name, l); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}

// column is where the value of a labelled line begins.
const column = 20

// field is a labelled line: the label, which fills its column, and the value wrapped beside it. The value must be clean.
func field(label, value string) string {
	if value == "" {
		value = text("unknown")
	}
	return wrap(value, label, strings.Repeat(" ", column))
}

// para is a wrapped paragraph.
func para(text string) string { return wrap(text, "", "") }

// bullet is a wrapped point of a list; what stands between line breaks keeps lines of its own.
func bullet(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = wrap(line, "    ", "    ")
	}
	lines[0] = "  - " + strings.TrimPrefix(lines[0], "    ")
	return strings.Join(lines, "\n")
}

// clean makes one printable line of a foreign text, and cuts what is longer than limit runes, with "..." where
// there is room for it. What comes out can be put into a header or a line of a notice.
func clean(s string, limit int) string {
	s = words.OneLine(s)
	switch runes := []rune(s); {
	case len(runes) <= limit:
		return s
	case limit <= 3: // no room for dots
		return strings.TrimSpace(string(runes[:limit]))
	default:
		return strings.TrimSpace(string(runes[:limit-3])) + "..."
	}
}

// wrap breaks a text into lines of 78 characters (RFC 5322, section 2.1.1).
func wrap(text, first, indent string) string { return words.Wrap(text, first, indent, 78) }

// utc writes a time for people; the zero time is empty.
func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// Policies of an assignment. They are part of stored assignments: never rename one.
const (
	PolicyHostingCountry = "hosting_country" // the hotlines of the hosting country
	PolicyOrphan         = "orphan"          // the hosting country has no hotline: the operator's own
	PolicyUnknownCountry = "unknown_country" // the hosting country is not decided: the operator's own
	PolicyOriginUnknown  = "origin_unknown"  // an edge hides the origin, and so the country: the operator's own
)

// Assign says which hotlines must act, by the policy table of docs/notices.md:
// those of the hosting country, else those of the operator's own country, else
// nobody. Hotlines are sorted. The assignment is confirmed when the directory is
// sure of every hotline of it. Pure.
func (d *Composer) Assign(h casefile.Hosting, now time.Time) casefile.Assignment {
	a := casefile.Assignment{At: now.UTC()}
	hosting := casefile.Country(h.Country)
	switch {
	case h.Edge != nil && (h.Origin == casefile.OriginUnknown || hosting == ""):
		// The country of an edge is not the hosting country, whatever a source says.
		a.Policy = PolicyOriginUnknown
	case hosting == "":
		a.Policy = PolicyUnknownCountry
	default:
		a.HostingCountry, a.AssignedCountry, a.Policy = hosting, hosting, PolicyHostingCountry
	}
	rows := d.directory.byCountry[a.AssignedCountry]
	if len(rows) == 0 {
		if a.Policy == PolicyHostingCountry {
			a.Policy = PolicyOrphan
		}
		a.AssignedCountry = d.orphan
		rows = d.directory.byCountry[d.orphan]
	}
	a.Confirmed = len(rows) > 0
	for _, row := range rows {
		a.Hotlines = append(a.Hotlines, row.Title())
		a.Confirmed = a.Confirmed && row.Status == StatusConfirmed
	}
	return a
}
