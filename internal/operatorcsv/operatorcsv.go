// Package operatorcsv reads the CSV files that an operator writes by hand: UTF-8, with a header line
// whose columns are found by name. A file is taken whole or not at all, and everything
// that is wrong with it is told at once, line by line.
package operatorcsv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a file in bytes and rows, and of the faults that are listed.
const (
	MaxBytes  = 1 << 20
	MaxRows   = 20_000
	maxFaults = 100
)

// Schema is what a file must look like.
type Schema struct {
	What     string   // what people call the file, for example "hotline directory"
	Key      string   // the configuration key that names it
	Columns  []string // all that are known, in small letters
	Required []string // those of them that must be there
	OneOf    []string // those of them of which one at least must be there; empty for none
}

// Fault is what is wrong with one line, and what to do.
type Fault struct {
	Line int // from 1; the header is line 1
	Text string
}

// Error lists everything that is wrong with a file, in the order of its lines.
type Error struct {
	What, Name string
	Faults     []Fault
	More       int // faults beyond the first hundred
}

// Error lists the faults, one a line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d faults", e.What, e.Name, e.count())
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "\n  line %d: %s", f.Line, f.Text)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

func (e *Error) add(line int, format string, args ...any) {
	if len(e.Faults) == maxFaults {
		e.More++
		return
	}
	e.Faults = append(e.Faults, Fault{Line: line, Text: fmt.Sprintf(format, args...)})
}

func (e *Error) count() int { return len(e.Faults) + e.More }

// Row is one row of a file.
type Row struct {
	Line   int
	values map[string]string
	faults *Error
	before int
}

// Get is the field of a column without the white space around it; empty when the file lacks the column.
func (r Row) Get(column string) string { return r.values[column] }

// Fault reports what is wrong with the row.
func (r Row) Fault(format string, args ...any) { r.faults.add(r.Line, format, args...) }

// OneLine is Get, and reports a field that is no printable line of at most limit bytes.
func (r Row) OneLine(column string, limit int) string {
	if !OneLine(r.Get(column), limit) {
		r.Fault("%s must be one printable line of at most %d bytes", column, limit)
	}
	return r.Get(column)
}

// OneLine says whether s is valid UTF-8 without control characters, at most limit bytes long.
func OneLine(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) })
}

// Sound says that no fault of the row was reported so far.
func (r Row) Sound() bool { return r.faults.count() == r.before }

// Load reads the file at path. The error names the file and says what to do.
func Load(path string, f Schema, each func(Row)) error {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s %s: there is no such file; set %s to a CSV file, or leave it empty", f.What, path, f.Key)
	case err != nil:
		return fmt.Errorf("open %s: %w; set %s to a CSV file that can be read, or leave it empty", f.What, err, f.Key)
	}
	defer func() { _ = file.Close() }() // only read
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s %s: it is a folder; name the CSV file in it", f.What, path)
	}
	return Read(file, path, f, each)
}

// Read reads a file of at most MaxBytes and MaxRows and gives each row to the function. name
// is what errors call the file. Faults, also those that the function reports, are
// returned together as an *Error: then nothing of the file may be used.
func Read(r io.Reader, name string, f Schema, each func(Row)) error {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return fmt.Errorf("read %s %s: %w", f.What, name, err)
	}
	if len(text) > MaxBytes {
		return fmt.Errorf("%s %s: it is larger than 1 MiB; is it the right file?", f.What, name)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	faults := &Error{What: f.What, Name: name}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			faults.add(i+1, "it is not UTF-8 text; save the file as CSV UTF-8")
		}
	}
	if faults.count() > 0 {
		return faults
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = -1
	columns := f.header(rows, faults)
	if faults.count() > 0 {
		return faults
	}
	readRows(rows, columns, faults, each)
	if faults.count() > 0 {
		return faults
	}
	return nil
}

// header returns the column names in their order.
func (f Schema) header(rows *csv.Reader, faults *Error) []string {
	header, err := rows.Read()
	if err != nil {
		faults.add(1, "there is no header line; it may name %s", strings.Join(f.Columns, ", "))
		return nil
	}
	for i, column := range header {
		column = strings.ToLower(strings.TrimSpace(column))
		switch {
		case !slices.Contains(f.Columns, column):
			faults.add(1, "column %.40q is unknown; known are %s", column, strings.Join(f.Columns, ", "))
		case slices.Contains(header[:i], column):
			faults.add(1, "column %q is there twice; remove one", column)
		}
		header[i] = column
	}
	has := func(column string) bool { return slices.Contains(header, column) }
	for _, column := range f.Required {
		if !has(column) {
			faults.add(1, "column %q is missing; add it", column)
		}
	}
	if len(f.OneOf) > 0 && !slices.ContainsFunc(f.OneOf, has) {
		faults.add(1, "there is no column %s; add one", strings.Join(f.OneOf, " and no column "))
	}
	return header
}

func readRows(rows *csv.Reader, columns []string, faults *Error, each func(Row)) {
	for n := 0; ; n++ {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			faults.add(bad.StartLine, "it is not CSV: %v; look for a quote that is not closed", bad.Err)
			continue
		}
		if err != nil { // cannot be: the text is in memory
			faults.add(0, "%v", err)
			return
		}
		line, _ := rows.FieldPos(0)
		if n == MaxRows {
			faults.add(line, "there are more than %d rows; is it the right file?", MaxRows)
			return
		}
		if len(fields) != len(columns) {
			faults.add(line, "it has %d fields, the header has %d; add or remove commas", len(fields), len(columns))
			continue
		}
		values := make(map[string]string, len(columns))
		for i, column := range columns {
			values[column] = strings.TrimSpace(fields[i])
		}
		each(Row{Line: line, values: values, faults: faults, before: faults.count()})
	}
}

// Table reads a table that is part of the program: comma-separated, without a header, # begins a comment.
// fields is how many each row has; -1: any. An error names the line. The row must not be kept.
func Table(text string, fields int, each func(row []string) error) error {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord, r.ReuseRecord = '#', fields, true
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(row); err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}
