package stats_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/stats"
)

// spans reads times as R prints them: negative numbers stand for censored ones (6+).
func spans(weeks ...int) []stats.Span {
	var s []stats.Span
	for _, w := range weeks {
		s = append(s, stats.Span{Length: time.Duration(max(w, -w)) * hour, Removed: w > 0})
	}
	return s
}

// The remission times of 21 + 21 children with leukaemia, in weeks (Freireich and others,
// Blood 21, 1963; R: MASS::gehan, survival::survfit), and the two arms of R's survival::aml (Miller 1981).
var (
	treated       = spans(6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35)
	placebo       = spans(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
	maintained    = spans(9, 13, -13, 18, 23, -28, 31, 34, -45, 48, -161)
	nonmaintained = spans(5, 5, 8, 8, 12, -16, 23, 27, 30, 33, 43, 45)
)

func TestKaplanMeierAgainstPublishedFigures(t *testing.T) {
	t.Parallel()
	type row struct {
		at, atRisk, removed          int
		survival, stderr, low, upper float64 // NaN: not given by the source
	}
	none := math.NaN()
	tests := []struct {
		name   string
		source string
		spans  []stats.Span
		rows   []row
		median int
	}{
		{"6-MP", "S and Greenwood's error: Klein and Moeschberger, Survival Analysis, 2nd ed., table 4.1B; limits: Stata's sts list, which uses log(-log)", treated, []row{
			{6, 21, 3, 0.8571, 0.0764, 0.6197, 0.9516},
			{7, 17, 1, 0.8067, 0.0869, 0.5631, 0.9228},
			{10, 15, 1, 0.7529, 0.0963, 0.5032, 0.8894},
			{13, 12, 1, 0.6902, 0.1068, 0.4316, 0.8491},
			{16, 11, 1, 0.6275, 0.1141, 0.3675, 0.8049},
			{22, 7, 1, 0.5378, 0.1282, 0.2678, 0.7468},
			{23, 6, 1, 0.4482, 0.1346, 0.1881, 0.6801},
		}, 23},
		{"placebo", "no censoring: the empirical share of 21; median 8 in Freireich and others", placebo, []row{
			{1, 21, 2, 19. / 21, math.Sqrt(19. * 2 / 21 / 21 / 21), none, none},
			{2, 19, 2, 17. / 21, math.Sqrt(17. * 4 / 21 / 21 / 21), none, none},
			{3, 17, 1, 16. / 21, none, none, none},
			{4, 16, 2, 14. / 21, none, none, none},
			{5, 14, 2, 12. / 21, none, none, none},
			{8, 12, 4, 8. / 21, none, none, none},
			{11, 8, 2, 6. / 21, none, none, none},
			{12, 6, 2, 4. / 21, none, none, none},
			{15, 4, 1, 3. / 21, none, none, none},
			{17, 3, 1, 2. / 21, none, none, none},
			{22, 2, 1, 1. / 21, none, none, none},
			{23, 1, 1, 0, 0, 0, none},
		}, 8},
		{"aml, maintained", "R survival: summary(survfit(Surv(time, status) ~ x, aml))", maintained, []row{
			{9, 11, 1, 0.909, 0.0867, none, none},
			{13, 10, 1, 0.818, 0.1163, none, none},
			{18, 8, 1, 0.716, 0.1397, none, none},
			{23, 7, 1, 0.614, 0.1526, none, none},
			{31, 5, 1, 0.491, 0.1642, none, none},
			{34, 4, 1, 0.368, 0.1627, none, none},
			{48, 2, 1, 0.184, 0.1535, none, none},
		}, 31},
		{"aml, nonmaintained", "R survival: summary(survfit(Surv(time, status) ~ x, aml))", nonmaintained, []row{
			{5, 12, 2, 0.8333, 0.1076, none, none},
			{8, 10, 2, 0.6667, 0.1361, none, none},
			{12, 8, 1, 0.5833, 0.1423, none, none},
			{23, 6, 1, 0.4861, 0.1481, none, none},
			{27, 5, 1, 0.3889, 0.1470, none, none},
			{30, 4, 1, 0.2917, 0.1387, none, none},
			{33, 3, 1, 0.1944, 0.1219, none, none},
			{43, 2, 1, 0.0972, 0.0919, none, none},
			{45, 1, 1, 0, 0, 0, none},
		}, 23},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			curve := stats.KaplanMeier(tt.spans)
			var steps []stats.Point
			for _, p := range curve {
				if p.Removed > 0 {
					steps = append(steps, p)
				}
			}
			if len(steps) != len(tt.rows) {
				t.Fatalf("%d steps, want %d", len(steps), len(tt.rows))
			}
			for i, want := range tt.rows {
				p := steps[i]
				if p.At != time.Duration(want.at)*hour || p.AtRisk != want.atRisk || p.Removed != want.removed {
					t.Errorf("step %d: %+v, want %+v", i, p, want)
				}
				for _, v := range []struct {
					name      string
					got, want float64
				}{{"survival", p.Survival, want.survival}, {"standard error", p.StdErr, want.stderr}, {"lower", p.Lower, want.low}, {"upper", p.Upper, want.upper}} {
					if !math.IsNaN(v.want) && math.Abs(v.got-v.want) > 0.0005+1e-9 {
						t.Errorf("at %d: %s %.4f, want %.4f (%s)", want.at, v.name, v.got, v.want, tt.source)
					}
				}
			}
			if got := curve.Quantile(0.5).At; got == nil || *got != time.Duration(tt.median)*hour {
				t.Errorf("median %v, want %d", got, tt.median)
			}
		})
	}
}

// The limits of a quantile are where the limits of the curve cross its share: 13 and none for 6-MP by the log(-log) limits above.
func TestQuantileLimits(t *testing.T) {
	t.Parallel()
	q := stats.KaplanMeier(treated).Quantile(0.5)
	if q.Lower == nil || *q.Lower != 13*hour || q.Upper != nil {
		t.Errorf("limits of the median: %v to %v, want 13h to not reached", q.Lower, q.Upper)
	}
	if q := stats.KaplanMeier(treated).Quantile(0.9); q.At != nil {
		t.Errorf("P90 of 6-MP: %v, want not reached", *q.At)
	}
	if q := stats.KaplanMeier(placebo).Quantile(0.9); q.At == nil || *q.At != 17*hour {
		t.Errorf("P90 of the placebo arm: %v, want 17h", q.At)
	}
}

func TestWithoutCensoringTheCurveIsTheEmpiricalShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 60).Draw(t, "hours")
		var all []stats.Span
		for _, h := range lengths {
			all = append(all, stats.Span{Length: time.Duration(h) * hour, Removed: true})
		}
		curve := stats.KaplanMeier(all)
		at := time.Duration(rapid.IntRange(0, 60).Draw(t, "at")) * hour
		left := 0
		for _, s := range all {
			if s.Length > at {
				left++
			}
		}
		if want := float64(left) / float64(len(all)); math.Abs(curve.At(at).Survival-want) > 1e-9 {
			t.Fatalf("S(%v) = %v, want %v", at, curve.At(at).Survival, want)
		}
	})
}

func TestCurveProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.Span {
			return stats.Span{Length: time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * hour, Removed: rapid.Bool().Draw(t, "removed")}
		}), 0, 60).Draw(t, "spans")
		kept := slices.Clone(all)
		curve := stats.KaplanMeier(all)
		if !slices.Equal(kept, all) {
			t.Fatal("the input was changed")
		}
		before, removed, censored := stats.Point{Survival: 1, At: -1}, 0, 0
		for _, p := range curve {
			switch {
			case p.At <= before.At:
				t.Fatalf("times do not grow at %v", p.At)
			case p.Survival > before.Survival, p.Survival < 0:
				t.Fatalf("survival %v after %v", p.Survival, before.Survival)
			case p.Removed == 0 && p.Survival != before.Survival:
				t.Fatal("a censoring moved the curve")
			case p.AtRisk != len(all)-removed-censored:
				t.Fatalf("%d at risk, want %d", p.AtRisk, len(all)-removed-censored)
			case p.Lower > p.Survival+1e-12, p.Upper < p.Survival-1e-12, p.Lower < 0, p.Upper > 1, math.IsNaN(p.Lower + p.Upper + p.StdErr):
				t.Fatalf("interval %v to %v around %v, error %v", p.Lower, p.Upper, p.Survival, p.StdErr)
			}
			removed, censored = removed+p.Removed, censored+p.Censored
			before = p
		}
		if removed+censored != len(all) {
			t.Fatalf("%d of %d in the curve", removed+censored, len(all))
		}
		median, p90 := curve.Quantile(0.5), curve.Quantile(0.9)
		if p90.At != nil && (median.At == nil || *median.At > *p90.At) {
			t.Fatalf("median %v after P90 %v", median.At, p90.At)
		}
		if median.At != nil && median.Lower != nil && *median.Lower > *median.At {
			t.Fatalf("median %v below its lower limit %v", *median.At, *median.Lower)
		}
	})
}
