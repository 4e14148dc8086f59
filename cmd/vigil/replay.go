package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/explain"
	"vigil/geolocate"
)

// Bounds of one line of a replay. A look has at most a few dozen addresses and a few hundred claims.
const (
	maxReplayLine      = 1 << 20 // bytes
	maxReplayAddresses = 256
	maxReplayClaims    = 4096
)

func newReplay() *cobra.Command {
	var steps bool
	cmd := &cobra.Command{
		Use:   "replay [FILE | -]",
		Short: "Decide the hosting of earlier looks again, from their claims",
		Long: `Read the lines of vigil look --json, from a file or from standard input, and
decide the hosting of each again from the claims it holds. Nothing is asked of the
network, no database and no configuration is needed. A decision that differs was made
by another version of the rule (docs/hosting.md), or its line was changed.

Exit code: 0 when all are the same, 1 when one differs, 2 when a line is no line of a
look (or over 1 MiB); the other lines are still replayed.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if len(args) > 0 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("open the looks: %w", err)
				}
				defer f.Close()
				in = f
			}
			return replay(in, cmd.OutOrStdout(), cmd.ErrOrStderr(), steps)
		},
	}
	cmd.Flags().BoolVarP(&steps, "verbose", "v", false, "also print the steps of the rule")
	return cmd
}

// replay decides each line again and tells what came of it. Lines that are none are
// told to said by their number: they could hold anything.
func replay(in io.Reader, out, said io.Writer, steps bool) error {
	r, w := bufio.NewReaderSize(in, 64<<10), bufio.NewWriter(out)
	all, differing, bad := 0, 0, 0
	for number := 1; ; number++ {
		line, long, err := readLine(r, maxReplayLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the looks: %w", err)
		}
		if text := strings.TrimSpace(line); text != "" || long {
			l, again, why := decideAgain([]byte(text))
			switch {
			case long:
				bad++
				fmt.Fprintf(said, "line %d: over %d bytes: no line of a look\n", number, maxReplayLine)
			case why != "":
				bad++
				fmt.Fprintf(said, "line %d: %s\n", number, why)
			case l.Hosting == nil:
				fmt.Fprintf(w, "%s\n  refused before the look: there is nothing to decide\n", l.Target)
			default:
				all++
				found := differences(*l.Hosting, again)
				if len(found) > 0 {
					differing++
				}
				printReplay(w, l.Target, again, found, steps)
			}
		}
		if err != nil {
			break
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the replay: %w", err)
	}
	switch {
	case bad > 0:
		return errBadInput
	case all == 0:
		fmt.Fprintln(said, "there is no line of a look")
		return errBadInput
	case differing > 0:
		return fmt.Errorf("%d of %d decisions differ", differing, all)
	}
	return nil
}

// replayed is what a replay needs of a look's line.
type replayed struct {
	Target  string            `json:"target"`
	Hosting *casefile.Hosting `json:"hosting"`
	Problem *casefile.Problem `json:"problem"`
}

// decideAgain reads a line and decides its hosting anew; why says what is wrong with the
// line. A refused URL has no hosting, and nothing is decided.
func decideAgain(text []byte) (l replayed, again casefile.Hosting, why string) {
	if err := json.Unmarshal(text, &l); err != nil {
		return l, again, "this is no line of vigil look --json"
	}
	h := l.Hosting
	switch {
	case l.Target == "" || h == nil && l.Problem == nil:
		return l, again, "this is no line of vigil look --json: it has no target, or neither hosting nor problem"
	case h == nil:
		return l, again, ""
	case h.Addresses == nil || h.Claims == nil:
		return l, again, "the hosting has no addresses or no claims: an older vigil did not write them; look again"
	case len(h.Addresses) > maxReplayAddresses || len(h.Claims) > maxReplayClaims:
		return l, again, fmt.Sprintf("more than %d addresses or %d claims: no look has so many", maxReplayAddresses, maxReplayClaims)
	}
	made := casefile.Hosting{
		Addresses: h.Addresses, Claims: h.Claims, Edge: h.Edge, Platform: h.Platform, Registrar: h.Registrar, Contacts: h.Contacts,
	}
	return l, geolocate.Replay(made), ""
}

// differences are the parts of a decision that came out otherwise, in words.
func differences(was, now casefile.Hosting) []string {
	var found []string
	compare := func(what, a, b string) {
		if a != b {
			found = append(found, fmt.Sprintf("%s %s, now %s", what, cmp.Or(a, "none"), cmp.Or(b, "none")))
		}
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	asn := func(n uint32) string { return strings.TrimSuffix(fmt.Sprintf("AS%d", n), "AS0") }
	compare("country", was.Country, now.Country)
	compare("confidence", number(was.Confidence), number(now.Confidence))
	compare("disputed", strconv.FormatBool(was.Disputed), strconv.FormatBool(now.Disputed))
	compare("provider", was.Provider, now.Provider)
	compare("AS", asn(was.ASN), asn(now.ASN))
	compare("network", network(was.Network), network(now.Network))
	compare("origin", was.Origin, now.Origin)
	if !slices.Equal(was.Dissent, now.Dissent) {
		compare("dissent", strings.Join(was.Dissent, "; "), strings.Join(now.Dissent, "; "))
	}
	return found
}

func printReplay(w io.Writer, target string, now casefile.Hosting, found []string, steps bool) {
	fmt.Fprintln(w, target)
	if len(found) == 0 {
		fmt.Fprintf(w, "  same: %s, %s\n", decision(now), cmp.Or(now.Provider, "unknown"))
	}
	for _, f := range found {
		fmt.Fprintln(w, "  differs:", f)
	}
	if steps {
		for i, s := range now.Steps {
			explain.Wrap(w, fmt.Sprintf("    %d. ", i+1), s)
		}
	}
}

// network is the prefix as text, empty when it is unknown.
func network(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}
