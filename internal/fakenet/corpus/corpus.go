// Package corpus is the labelled corpus: simulated sites whose truth is known, a file each.
//
// In comes an empty simulated internet, out come a specimen's site on it and the verdicts that are right. A file
// is added without Go: README.md tells how. The pages are words of our own, in the shapes of pages that are common
// on the web. Only tests and cmd/vigil-lab may import it: its pages have no place in the product.
package corpus

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

//go:embed */*.txtar
var specimens embed.FS

// Half says what the specimens of a kind are for. Whole kinds are on one side, so
// that a rule that was fitted to one half is tried on pages of other kinds.
type Half string

// Halves. Rules, phrases and thresholds may be tuned on the tune half only.
const (
	HalfTune Half = "tune"
	HalfHold Half = "hold"
)

// Specimen is one labelled behaviour of the corpus: what a first look sees, what
// the judged look sees, and what an honest judge says to it. Values are shared: do
// not change them.
type Specimen struct {
	// Name is unique, in lower case with underscores.
	Name string
	// Kind is the family it belongs to; all of a kind are in one half and have one label.
	Kind string
	Half Half
	// State is the label.
	State casefile.State
	// Reasons are those that are right, the first the best. Where two states can be
	// defended the reasons of both are there.
	Reasons []casefile.Reason
	// Before is what the site did when the page was first seen.
	Before fakenet.Behaviour
	// Now is what is judged.
	Now fakenet.Behaviour
	// Known says that it is judged with a baseline: Before is looked at first.
	Known bool
	// Fresh says that it is judged at first sight.
	Fresh bool
	// Site holds what stays the same over time: Path, HTTPS, Addresses. The host is made from the name.
	Site fakenet.Site
	// Nameservers of the zone by the time it is judged; those of Site when empty.
	Nameservers []string
	// Referrer is what the report recorded; empty when it recorded none.
	Referrer string
	// Others are further hosts that the way leads to.
	Others []fakenet.Site
}

// Host is the made-up name that the specimen lives under.
func (s Specimen) Host() string { return hostOf(s.Name) }

func hostOf(name string) string { return strings.ReplaceAll(name, "_", "-") + ".example" }

// Right says whether the verdict's state can be defended.
func (s Specimen) Right(state casefile.State) bool {
	return state == s.State || slices.ContainsFunc(s.Reasons, func(r casefile.Reason) bool { return r.State() == state })
}

// RightReason says whether the reason is among those that are right.
func (s Specimen) RightReason(reason casefile.Reason) bool { return slices.Contains(s.Reasons, reason) }

// Stage adds the specimen to an empty net: as it was before when known, else as it
// is now. It returns the reported URL. It panics when the host is there already.
func (s Specimen) Stage(n *fakenet.Net, known bool) string {
	for _, o := range s.Others {
		n.Add(o)
	}
	site := s.Site
	site.Host = s.Host()
	site.Acts = fakenet.Always(s.Before)
	n.Add(site)
	if !known {
		s.Turn(n)
	}
	return n.URL(site.Host)
}

// Turn makes a staged specimen behave as it is judged.
func (s Specimen) Turn(n *fakenet.Net) {
	n.Change(s.Host(), s.Now)
	if len(s.Nameservers) > 0 {
		n.Delegate(s.Host(), s.Nameservers...)
	}
}

// All is every specimen of the corpus, sorted by kind and name. The error names the file and line of all mistakes.
func All() ([]Specimen, error) { return Load(specimens) }

// Load reads the specimens of a folder: KIND/NAME.txtar.
func Load(fsys fs.FS) ([]Specimen, error) {
	files, err := fs.Glob(fsys, "*/*.txtar")
	if err != nil {
		return nil, err
	}
	var all []Specimen
	var mistakes []error
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		s, err := parse(file, data)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b Specimen) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	mistakes = append(mistakes, together(all))
	return all, errors.Join(mistakes...)
}

// together holds the specimens against each other: names are unique, and a kind has one half and one state.
func together(all []Specimen) error {
	var mistakes []error
	names, kinds := map[string]string{}, map[string]Specimen{}
	for _, s := range all {
		file := path.Join(s.Kind, s.Name+".txtar")
		if other, known := names[s.Name]; known {
			mistakes = append(mistakes, fmt.Errorf("%s: there is a %s/%s.txtar already: give the file another name", file, other, s.Name))
		}
		names[s.Name] = s.Kind
		first, known := kinds[s.Kind]
		if !known {
			kinds[s.Kind] = s
			continue
		}
		if s.Half != first.Half || s.State != first.State {
			mistakes = append(mistakes, fmt.Errorf("%s: half %s and state %s, but %s.txtar of the same kind has %s and %s: a kind has one of each",
				file, s.Half, s.State, first.Name, first.Half, first.State))
		}
	}
	return errors.Join(mistakes...)
}
