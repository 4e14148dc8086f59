package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"vigil/cmd/app"
)

// TestDoctorOnVantages: one vantage is a note, a second one ends it, and one of them
// that always dissented in the visits that are kept is a warning.
func TestDoctorOnVantages(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	if _, said, code := l.vigil("a long enough password\n", "user", "add", "anna", "--role", "analyst"); code != 0 {
		t.Fatalf("user add: %s", said)
	}
	out, _, code := l.vigil("", "doctor")
	if want := "note  vantages       1; a removal needs 6 gone verdicts over 2 s, twice the configured streak"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit code %d, no %q in:\n%s", code, want, out)
	}
	text, err := os.ReadFile(l.config)
	if err != nil {
		t.Fatal(err)
	}
	two := strings.Replace(string(text), "network: AS64500}]", "network: AS64500}, {name: far, country: SE, network: AS64501}]", 1)
	if err := os.WriteFile(l.config, []byte(two), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := l.vigil("", "doctor"); !strings.Contains(out, "ok    vantages       2; a removal needs 3 gone verdicts over 1 s\n") || !strings.Contains(out, "far has too few visits to compare it with the others: 0") {
		t.Errorf("two vantages:\n%s", out)
	}
	blindVisits(t, l)
	out, _, code = l.vigil("", "doctor")
	if want := "warn  witnesses      far stood against the others in 25 of its last 25 visits, mostly silent"; code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "ok    witnesses      local stood against the others in 0 of its last 25 visits") {
		t.Errorf("exit code %d, no %q in:\n%s", code, want, out)
	}
}

// blindVisits fills the lab's database with visits of 25 hosts that far did not see.
func blindVisits(t *testing.T, l *lab) {
	t.Helper()
	o := &options{configFile: l.config, explicit: true}
	err := withApp(t.Context(), o, func(ctx context.Context, h *app.App) error {
		for i := range 25 {
			_, err := h.Store.DB().ExecContext(ctx, `INSERT INTO cases (id, target_key, host_key, target_sealed, standing, version, episode,
				due_why, country, visits, opened_at, event_seq, event_hash)
				VALUES ($1, 't-' || $1, 'host-' || $1, CAST('x' AS BLOB), 'withdrawn', 1, 1, 'never', 'NL', 0, $1, 1, '')`, i+1)
			if err != nil {
				return err
			}
			_, err = h.Store.DB().ExecContext(ctx, `INSERT INTO visits (id, case_id, started_at, ended_at, why, state, reason, signals, dissent, believed)
				VALUES ($1, $1, $1, $1, 'cadence', 'live', 'served', '[]', '[{"vantage":"far","state":"silent","reason":"timeout"}]', TRUE)`, i+1)
			if err != nil {
				return err
			}
			for _, vantage := range []string{"local", "far"} {
				_, err = h.Store.DB().ExecContext(ctx, `INSERT INTO observations (visit_id, case_id, vantage, purpose, started_at, took_us, status, body_bytes, truncated)
					VALUES ($1, $1, $2, 'target', $1, 0, 0, 0, FALSE)`, i+1, vantage)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
