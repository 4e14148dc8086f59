package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/cmd/app"
)

// importBatch is how many rows are stored in one transaction.
const importBatch = 500

// importColumns are the columns a file may have; url is required.
var importColumns = []string{"url", "referrer", "source", "reference", "classification", "received", "held"}

func newImport(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Queue the URLs of a CSV file",
		Long: `Queue the URLs of a CSV file. The first line names the columns: url (required),
referrer, source, reference, classification (baseline, A1, A2, B1, B2), received
(RFC 3339) and held (yes or no). Commas and semicolons both separate. A bad row is listed with its line number and
left out; good rows are kept. The same file again changes nothing.

Exit code: 0 when every row was taken, 2 when some were refused.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				return importFile(ctx, a, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
}

func importFile(ctx context.Context, a *app.App, path string, out, progress io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the file to import: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at the file to import: %w", err)
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a folder; name a CSV file", path)
	}
	bar := newBar(progress, info.Size(), "importing")
	im := importer{app: a, now: time.Now().UTC(), out: out}
	counted := progressbar.NewReader(f, bar)
	err = im.run(ctx, &counted)
	_ = bar.Finish()
	fmt.Fprintf(out, "%d rows: %d new cases, %d further reports, %d already imported, %d refused\n",
		im.rows, im.opened, im.attached, im.replayed, im.refused)
	if err != nil {
		return fmt.Errorf("import stopped: %w; what was counted above is stored, and the same file can be imported again", err)
	}
	if im.refused > 0 {
		return errBadInput
	}
	return nil
}

// newBar is a bar over so many bytes, which only a terminal shows.
func newBar(w io.Writer, total int64, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(terminal(w)),
		progressbar.OptionShowBytes(true), progressbar.OptionSetDescription(what), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())
}

// importer reads rows, stores the good ones in batches and says which were bad.
type importer struct {
	app *app.App
	now time.Time
	out io.Writer

	batch  []casefile.Report
	digest [][]string // the rows of the batch as read: the key under which it is stored once

	rows, opened, attached, replayed, refused int
}

func (im *importer) run(ctx context.Context, r io.Reader) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if bom, _ := buffered.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
	}
	rows := csv.NewReader(buffered)
	rows.FieldsPerRecord = -1
	rows.Comma = separator(buffered)
	header, err := rows.Read()
	if err != nil {
		return casefile.Problemf(casefile.ProblemField, "header", "the file has no readable first line; it must name the columns, at least url")
	}
	columns, problem := readHeader(header)
	if problem != nil {
		return problem
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return im.flush(ctx)
		}
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			im.rows++
			im.refuse(broken.StartLine, casefile.Problemf(casefile.ProblemField, "", "the quotes of this row are broken: %v", broken.Err))
			continue
		case err != nil:
			return err
		}
		line, _ := rows.FieldPos(0)
		im.rows++
		report, problem := im.report(columns, row)
		if problem != nil {
			im.refuse(line, problem)
			continue
		}
		im.batch = append(im.batch, report)
		im.digest = append(im.digest, slices.Clone(row))
		if len(im.batch) == importBatch {
			if err := im.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// separator is a semicolon when the first line has one and no comma, as some spreadsheets write.
func separator(r *bufio.Reader) rune {
	start, _ := r.Peek(4096)
	first, _, _ := bytes.Cut(start, []byte("\n"))
	if bytes.Contains(first, []byte(";")) && !bytes.Contains(first, []byte(",")) {
		return ';'
	}
	return ','
}

func readHeader(header []string) (map[string]int, *casefile.Problem) {
	columns := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(importColumns, name) {
			return nil, casefile.Problemf(casefile.ProblemField, "header",
				"column %.40q is unknown; the columns are %s", name, strings.Join(importColumns, ", "))
		}
		if _, twice := columns[name]; twice {
			return nil, casefile.Problemf(casefile.ProblemField, "header", "column %s is there twice", name)
		}
		columns[name] = i
	}
	if _, ok := columns["url"]; !ok {
		return nil, casefile.Problemf(casefile.ProblemField, "header",
			"there is no column url; the columns are %s", strings.Join(importColumns, ", "))
	}
	return columns, nil
}

func (im *importer) report(columns map[string]int, row []string) (casefile.Report, *casefile.Problem) {
	field := func(name string) string {
		if i, ok := columns[name]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	for _, cell := range row {
		if !utf8.ValidString(cell) {
			return casefile.Report{}, casefile.Problemf(casefile.ProblemEncoding, "", "the row is not UTF-8; save the file as UTF-8")
		}
	}
	if len(row) > len(columns) {
		return casefile.Report{}, casefile.Problemf(casefile.ProblemField, "",
			"the row has %d fields and the header %d; put quotes around a URL with a comma", len(row), len(columns))
	}
	in := casefile.ReportInput{
		URL: field("url"), Referrer: field("referrer"), Source: field("source"), Reference: field("reference"),
		Classification: field("classification"), Received: field("received"),
	}
	switch strings.ToLower(field("held")) {
	case "", "no", "false", "0":
	case "yes", "true", "1":
		in.Held = true
	default:
		return casefile.Report{}, casefile.Problemf(casefile.ProblemField, "held", "must be yes or no")
	}
	return casefile.NewReport(in, im.app.Parse, im.now)
}

func (im *importer) refuse(line int, p *casefile.Problem) {
	im.refused++
	fmt.Fprintf(im.out, "line %d: %s\n", line, p.Error())
}

func (im *importer) flush(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	request, err := json.Marshal(im.digest)
	if err != nil {
		return fmt.Errorf("digest a batch: %w", err)
	}
	sum := sha256.Sum256(request)
	added, replayed, err := im.app.Store.AddReportsOnce(ctx, "import:"+hex.EncodeToString(sum[:]), request, im.batch, im.now)
	if err != nil {
		return err
	}
	for _, a := range added {
		switch {
		case replayed:
			im.replayed++
		case a.New:
			im.opened++
		default:
			im.attached++
		}
	}
	im.batch, im.digest = im.batch[:0], im.digest[:0]
	return nil
}
