package notices

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
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
	for _, h := range d.byCountry[code] {
		if h.Title() == title {
			return h, true
		}
	}
	return Hotline{}, false
}

// Bounds of a directory, in bytes, and of the faults that are listed.
const (
	maxDirectory = 1 << 20
	maxName      = 200
	maxWebsite   = 500
	maxSource    = 1000
	maxFaults    = 100
)

var (
	requiredColumns = []string{"country", "hotline", "status"}
	knownColumns    = []string{"country", "hotline", "website", "status", "source", "email", "form", "language", "approved"}
)

// RowFault is what is wrong with one line of a directory file.
type RowFault struct {
	Line int // from 1; the header is line 1
	Text string
}

// DirectoryError lists everything that is wrong with a directory file, in the
// order of its lines.
type DirectoryError struct {
	Name   string
	Faults []RowFault
	More   int // faults beyond the first hundred
}

// Error lists the faults, one a line.
func (e *DirectoryError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "hotline directory %s: %d faults", e.Name, len(e.Faults)+e.More)
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "\n  line %d: %s", f.Line, f.Text)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

func (e *DirectoryError) add(line int, format string, args ...any) {
	if len(e.Faults) == maxFaults {
		e.More++
		return
	}
	e.Faults = append(e.Faults, RowFault{Line: line, Text: fmt.Sprintf(format, args...)})
}

//go:embed hotlines.csv
var builtIn []byte

// BuiltInDirectory is the directory that comes with Vigil: hotlines by country
// with the public source of each row, as of October 2026. It has no mail
// addresses: what it assigns becomes drafts for a person.
func BuiltInDirectory() (*Directory, error) {
	return ReadDirectory(bytes.NewReader(builtIn), "(built in)")
}

// LoadDirectory reads a directory file. See ReadDirectory for its errors.
func LoadDirectory(path string) (*Directory, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("hotline directory %s: there is no such file; set notices.directory to a CSV file, or leave it empty for the built-in directory", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open hotline directory: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, directoryIsFolder(path)
	}
	d, err := ReadDirectory(f, path)
	if errors.Is(err, syscall.EISDIR) {
		return nil, directoryIsFolder(path)
	}
	return d, err
}

func directoryIsFolder(path string) error {
	return fmt.Errorf("hotline directory %s: it is a folder; name the CSV file in it", path)
}

// ReadDirectory reads a CSV with a header line, UTF-8, at most 1 MiB. Columns are
// found by name: country, hotline and status are required; website, source,
// email, form, language and approved may be there; others are refused. All faults
// are reported at once, as a *DirectoryError; with a fault nothing is loaded.
func ReadDirectory(r io.Reader, name string) (*Directory, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxDirectory+1))
	if err != nil {
		return nil, fmt.Errorf("read hotline directory %s: %w", name, err)
	}
	if len(text) > maxDirectory {
		return nil, fmt.Errorf("hotline directory %s: it is larger than 1 MiB; is it the right file?", name)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	faults := &DirectoryError{Name: name}
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
				faults.add(i+1, "it is not UTF-8 text; save the file as CSV UTF-8")
			}
		}
		return nil, faults
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = -1
	columns := readHeader(rows, faults)
	if len(faults.Faults) > 0 {
		return nil, faults
	}
	d := &Directory{byCountry: map[string][]Hotline{}}
	d.readRows(rows, columns, faults)
	if d.Len() == 0 && len(faults.Faults) == 0 {
		faults.add(1, "there is no hotline in it")
	}
	if len(faults.Faults) > 0 {
		return nil, faults
	}
	for _, list := range d.byCountry {
		slices.SortFunc(list, func(a, b Hotline) int { return strings.Compare(a.Title(), b.Title()) })
	}
	return d, nil
}

// readHeader returns the column names in their order.
func readHeader(rows *csv.Reader, faults *DirectoryError) []string {
	header, err := rows.Read()
	if err != nil {
		faults.add(1, "there is no header line; it must name at least %s", strings.Join(requiredColumns, ", "))
		return nil
	}
	for i, column := range header {
		column = strings.ToLower(strings.TrimSpace(column))
		switch {
		case !slices.Contains(knownColumns, column):
			faults.add(1, "column %q is unknown; known are %s", clean(column, 40), strings.Join(knownColumns, ", "))
		case slices.Contains(header[:i], column):
			faults.add(1, "column %q is there twice", column)
		}
		header[i] = column
	}
	for _, column := range requiredColumns {
		if !slices.Contains(header, column) {
			faults.add(1, "column %q is missing", column)
		}
	}
	return header
}

func (d *Directory) readRows(rows *csv.Reader, columns []string, faults *DirectoryError) {
	seen := map[string]int{} // country and lower-case name -> line
	for {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			faults.add(bad.StartLine, "it is not CSV: %v", bad.Err)
			continue
		}
		if err != nil { // cannot be: the text is in memory
			faults.add(0, "%v", err)
			return
		}
		line, _ := rows.FieldPos(0)
		if len(fields) != len(columns) {
			faults.add(line, "it has %d fields, the header has %d", len(fields), len(columns))
			continue
		}
		row := map[string]string{}
		for i, column := range columns {
			row[column] = strings.TrimSpace(fields[i])
		}
		before := len(faults.Faults) + faults.More
		h := readHotline(row, func(format string, args ...any) { faults.add(line, format, args...) })
		if len(faults.Faults)+faults.More > before {
			continue
		}
		key := h.Country + "\x00" + strings.ToLower(h.Name)
		if first, twice := seen[key]; twice {
			faults.add(line, "%s is in line %d already", clean(h.Title(), 80), first)
			continue
		}
		seen[key] = line
		d.byCountry[h.Country] = append(d.byCountry[h.Country], h)
	}
}

// readHotline makes a hotline of a row, and reports each fault of it.
func readHotline(row map[string]string, fault func(format string, args ...any)) Hotline {
	h := Hotline{
		Name: row["hotline"], Website: row["website"], Email: row["email"], Form: row["form"],
		Language: row["language"], Status: Status(strings.ToLower(row["status"])), Source: row["source"],
	}
	var ok bool
	if h.Country, ok = country(row["country"]); !ok {
		fault("country %q is not an ISO 3166-1 alpha-2 code", clean(row["country"], 20))
	}
	if !h.Status.Valid() {
		fault("status %q is unknown; use confirmed or uncertain", clean(row["status"], 20))
	}
	if h.Name == "" && h.Status == StatusConfirmed {
		fault("a confirmed hotline needs a name")
	}
	if !printable(h.Name, maxName) {
		fault("hotline must be one printable line of at most %d bytes", maxName)
	}
	if !printable(h.Source, maxSource) {
		fault("source must be one printable line of at most %d bytes", maxSource)
	}
	if h.Website != "" && !usableForm(h.Website) {
		fault("website is not an http or https address of at most %d bytes", maxWebsite)
	}
	if h.Form != "" && !usableForm(h.Form) {
		fault("form is not an http or https address of at most %d bytes", maxWebsite)
	}
	if h.Email != "" && !usableEmail(h.Email) {
		fault("email is not one plain mail address")
	}
	if !validLanguage(h.Language) {
		fault("language %q is not a language tag such as en or pt-BR", clean(h.Language, 20))
	}
	switch strings.ToLower(row["approved"]) {
	case "yes":
		h.Approved = true
	case "no":
	case "":
		h.Approved = h.Status == StatusConfirmed
	default:
		fault("approved %q must be yes, no or empty", clean(row["approved"], 20))
	}
	return h
}

// validLanguage checks the form of a BCP 47 tag: letters and digits in groups of
// at most 8, the first of 2 or 3 letters. Empty is allowed.
func validLanguage(tag string) bool {
	if tag == "" {
		return true
	}
	for i, part := range strings.Split(tag, "-") {
		if part == "" || len(part) > 8 || i == 0 && (len(part) < 2 || len(part) > 3) {
			return false
		}
		for j := range len(part) {
			c := part[j] | 0x20
			if (c < 'a' || c > 'z') && (i == 0 || part[j] < '0' || part[j] > '9') {
				return false
			}
		}
	}
	return true
}
