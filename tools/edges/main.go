// Command edges makes geolocate/edge_ranges.csv: the long lists of ranges that edges
// publish, from a compilation of them.
//
//	cd tools && go run ./edges -date 2026-02-01 sources_data.json > ../geolocate/edge_ranges.csv
//
// The compilation is a JSON object of kinds ("cdn", "waf"), each an object of names
// and lists of prefixes: the shape of sources_data.json in projectdiscovery/cdncheck
// (MIT licence). The date is that of the compilation. Only the lists of the table
// published are taken: those that the edge itself publishes. Lists that others guessed,
// lists of whole clouds, and lists that were made from an AS are left out on purpose:
// they hold machines of customers, or say no more than the AS does.
//
// Prefixes are merged where the result covers the same addresses, never more: a wider
// prefix would take neighbours' machines for an edge.
package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"
)

// maxRows bounds the file: it is compiled into the program.
const maxRows = 5000

// list says under which name of geolocate/edges.csv the ranges of a list of the
// compilation go, and where the edge publishes them.
type list struct{ kind, key, name, source string }

func published() []list {
	return []list{
		{"cdn", "arvancloud", "ArvanCloud", "www.arvancloud.ir/fa/ips.txt"},
		{"cdn", "cloudfront", "CloudFront", "d7uri8nf7uskq.cloudfront.net/tools/list-cloudfront-ips"},
		{"cdn", "fastly", "Fastly", "api.fastly.com/public-ip-list"},
		{"cdn", "gcore", "Gcore", "api.gcore.com/cdn/public-ip-list"},
		{"cdn", "gocache", "GoCache", "gocache.com.br/ips"},
		{"waf", "incapsula", "Imperva", "my.imperva.com/api/integration/v1/ips"},
	}
}

const head = `# Ranges that edges publish: name (of edges.csv), prefix, where it is published, date of the list. Made by tools/edges, do not edit:
# what is kept by hand stands in edges.csv. Compilation: projectdiscovery/cdncheck (MIT licence). Merged without adding an address.
`

func main() {
	date := flag.String("date", "", "the date of the compilation, 2006-01-02")
	flag.Parse()
	if err := run(flag.Arg(0), *date, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "edges:", err)
		os.Exit(1)
	}
}

func run(file, date string, out io.Writer) error {
	if _, err := time.Parse(time.DateOnly, date); err != nil || file == "" {
		return fmt.Errorf("usage: edges -date 2006-01-02 sources_data.json")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var compilation map[string]map[string][]string
	if err := json.Unmarshal(text, &compilation); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	rows, err := rowsOf(compilation, date)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if _, err := io.WriteString(out, head); err != nil {
		return err
	}
	w := csv.NewWriter(out)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return w.Error()
}

// rowsOf makes the rows, sorted by prefix.
func rowsOf(compilation map[string]map[string][]string, date string) ([][]string, error) {
	type row struct {
		prefix netip.Prefix
		list   list
	}
	var all []row
	for _, l := range published() {
		texts := compilation[l.kind][l.key]
		if len(texts) == 0 {
			return nil, fmt.Errorf("no list %s/%s: is it another compilation?", l.kind, l.key)
		}
		prefixes := make([]netip.Prefix, 0, len(texts))
		for _, text := range texts {
			p, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, fmt.Errorf("list %s/%s: %w", l.kind, l.key, err)
			}
			prefixes = append(prefixes, p.Masked())
		}
		for _, p := range merge(prefixes) {
			all = append(all, row{p, l})
		}
	}
	slices.SortFunc(all, func(a, b row) int { return compare(a.prefix, b.prefix) })
	rows := make([][]string, len(all))
	for i, r := range all {
		if i > 0 && all[i-1].prefix.Overlaps(r.prefix) {
			return nil, fmt.Errorf("%s of %s overlaps %s of %s", all[i-1].prefix, all[i-1].list.name, r.prefix, r.list.name)
		}
		rows[i] = []string{r.list.name, r.prefix.String(), r.list.source, date}
	}
	if len(rows) > maxRows {
		return nil, fmt.Errorf("%d rows are more than %d", len(rows), maxRows)
	}
	return rows, nil
}

// merge drops prefixes inside others and joins two halves of one, as long as it can.
// The result covers the same addresses.
func merge(prefixes []netip.Prefix) []netip.Prefix {
	slices.SortFunc(prefixes, compare)
	var out []netip.Prefix
	for _, p := range prefixes {
		if len(out) > 0 && out[len(out)-1].Overlaps(p) {
			continue
		}
		out = append(out, p)
		for len(out) > 1 {
			a, b := out[len(out)-2], out[len(out)-1]
			whole, err := a.Addr().Prefix(a.Bits() - 1)
			if err != nil || a.Bits() != b.Bits() || whole.Addr() != a.Addr() || !whole.Contains(b.Addr()) {
				break
			}
			out = append(out[:len(out)-2], whole)
		}
	}
	return out
}

// compare sorts by address, the wider prefix first.
func compare(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}
