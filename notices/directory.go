package notices

import (
	"bytes"
	_ "embed"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"vigil/casefile"
	"vigil/internal/email"
	"vigil/internal/operatorcsv"
)

// Status says how sure the directory is of a hotline.
type Status string

// Statuses. A status is a fact about the source of a row, not about the hotline's work.
const (
	StatusConfirmed Status = "confirmed"
	StatusUncertain Status = "uncertain"
)

// Valid says whether s is known.
func (s Status) Valid() bool { return s == StatusConfirmed || s == StatusUncertain }

// Hotline is one row of the directory.
type Hotline struct {
	Country string // ISO 3166-1 alpha-2
	// Name is empty when the country is known to have a hotline and nobody could name it.
	Name     string
	Website  string
	Email    string // empty when no source gives one
	Form     string // a page where a person can hand over a case
	Language string // BCP 47, empty when unknown
	Status   Status
	// Approved says that mail may go to Email without a person in between. A row that
	// does not say is approved when it is confirmed.
	Approved bool
	Source   string
}

// Title is the name, or words that say that it is unknown.
func (h Hotline) Title() string {
	if h.Name == "" {
		return h.Country + " hotline (name unknown)"
	}
	return h.Name
}

// Directory is the hotlines by country. It does not change after it was read, and
// is safe for concurrent use.
type Directory struct {
	byCountry map[string][]Hotline
}

// In returns the hotlines of a country, sorted by title; none when it has none.
func (d *Directory) In(code string) []Hotline { return slices.Clone(d.byCountry[code]) }

// Len is how many rows the directory has.
func (d *Directory) Len() (n int) {
	for _, rows := range d.byCountry {
		n += len(rows)
	}
	return n
}

func (d *Directory) find(code, title string) (Hotline, bool) {
	rows := d.byCountry[code]
	if i := slices.IndexFunc(rows, func(h Hotline) bool { return h.Title() == title }); i >= 0 {
		return rows[i], true
	}
	return Hotline{}, false
}

// Bounds of single fields, in bytes.
const (
	maxName   = 200
	maxSource = 1000
)

// directoryForm is the form of the file (docs/notices.md).
var directoryForm = operatorcsv.Schema{
	What: "hotline directory", Key: "notices.directory",
	Columns:  []string{"country", "hotline", "website", "status", "source", "email", "form", "language", "approved"},
	Required: []string{"country", "hotline", "status"},
}

//go:embed hotlines.csv
var builtIn []byte

// BuiltInDirectory is the directory that comes with Vigil: hotlines by country
// with the public source of each row, as of October 2026. It has no mail
// addresses: what it assigns becomes drafts for a person.
func BuiltInDirectory() (*Directory, error) {
	return ReadDirectory(bytes.NewReader(builtIn), "(built in)")
}

// LoadDirectory reads a directory file: country, hotline and status are required, the other columns may
// be there. The error, a *operatorcsv.Error when its lines are at fault, says what to do.
func LoadDirectory(path string) (*Directory, error) {
	return readDirectory(path, func(each func(operatorcsv.Row)) error { return operatorcsv.Load(path, directoryForm, each) })
}

// ReadDirectory reads a directory as LoadDirectory does; name is what errors call it.
func ReadDirectory(r io.Reader, name string) (*Directory, error) {
	return readDirectory(name, func(each func(operatorcsv.Row)) error { return operatorcsv.Read(r, name, directoryForm, each) })
}

func readDirectory(name string, read func(each func(operatorcsv.Row)) error) (*Directory, error) {
	d := &Directory{byCountry: map[string][]Hotline{}}
	seen := map[string]int{} // country and lower-case name -> line
	err := read(func(row operatorcsv.Row) {
		h := readHotline(row)
		if !row.Sound() {
			return
		}
		key := h.Country + "\x00" + strings.ToLower(h.Name)
		if first, twice := seen[key]; twice {
			row.Fault("%s is in line %d already", clean(h.Title(), 80), first)
			return
		}
		seen[key] = row.Line
		d.byCountry[h.Country] = append(d.byCountry[h.Country], h)
	})
	if err == nil && d.Len() == 0 {
		err = &operatorcsv.Error{What: directoryForm.What, Name: name,
			Faults: []operatorcsv.Fault{{Line: 1, Text: "there is no hotline in it"}}}
	}
	if err != nil {
		return nil, err
	}
	for _, list := range d.byCountry {
		slices.SortFunc(list, func(a, b Hotline) int { return strings.Compare(a.Title(), b.Title()) })
	}
	return d, nil
}

// readHotline makes a hotline of a row, and reports each fault of it.
func readHotline(row operatorcsv.Row) Hotline {
	h := Hotline{
		Country: casefile.Country(row.Get("country")), Name: row.OneLine("hotline", maxName),
		Website: row.Get("website"), Email: row.Get("email"), Form: row.Get("form"),
		Language: row.Get("language"), Status: Status(strings.ToLower(row.Get("status"))), Source: row.OneLine("source", maxSource),
	}
	if h.Country == "" {
		row.Fault("country %q is not an ISO 3166-1 alpha-2 code", clean(row.Get("country"), 20))
	}
	if !h.Status.Valid() {
		row.Fault("status %q is unknown; use confirmed or uncertain", clean(row.Get("status"), 20))
	}
	if h.Name == "" && h.Status == StatusConfirmed {
		row.Fault("a confirmed hotline needs a name")
	}
	for _, column := range []string{"website", "form"} {
		if raw := row.Get(column); email.FormIn(raw) != raw {
			row.Fault("%s is not an http or https address of at most %d bytes", column, email.MaxForm)
		}
	}
	if h.Email != "" && !email.Plain(h.Email) {
		row.Fault("email is not one plain mail address")
	}
	if _, err := language.Parse(h.Language); h.Language != "" && err != nil {
		row.Fault("language %q is not a language tag such as en or pt-BR", clean(h.Language, 20))
	}
	switch strings.ToLower(row.Get("approved")) {
	case "yes":
		h.Approved = true
	case "no":
	case "":
		h.Approved = h.Status == StatusConfirmed
	default:
		row.Fault("approved %q must be yes, no or empty", clean(row.Get("approved"), 20))
	}
	return h
}
