package stats

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Span is how long one episode was followed, and whether a removal ended it; if not, it is right-censored.
type Span struct {
	Length  time.Duration // never negative
	Removed bool
}

// Point is one step of a Kaplan-Meier curve: a time at which something was removed or censored.
type Point struct {
	At       time.Duration
	AtRisk   int // still followed right before At
	Removed  int // at At
	Censored int // at At, after the removals
	// Survival is the share that is still there after At, 0 to 1.
	Survival float64
	// StdErr is Greenwood's standard error of Survival; 0 where Survival is 1 or 0.
	StdErr float64
	// Lower and Upper bound Survival with 95% confidence, by the log(-log) transformation. Where
	// Survival is 1 both are 1; where it is 0, Lower is 0 and Upper that of the step before.
	Lower, Upper float64
}

// Curve is a Kaplan-Meier curve: steps in order of time. Before the first step all is there.
type Curve []Point

// z95 is the 0.975 quantile of the normal distribution.
const z95 = 1.959963984540054

// KaplanMeier is the product-limit estimate of what is still there (Kaplan and Meier, JASA
// 53, 1958) with Greenwood's variance (1926) and log(-log) intervals (Kalbfleisch and Prentice, The
// Statistical Analysis of Failure Time Data, 1980). At one time removals come before censorings. The input is
// not changed.
func KaplanMeier(spans []Span) Curve {
	sorted := slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return cmp.Compare(a.Length, b.Length) })
	var curve Curve
	survival, greenwood, lower, upper := 1.0, 0.0, 1.0, 1.0
	for i := 0; i < len(sorted); {
		p := Point{At: sorted[i].Length, AtRisk: len(sorted) - i}
		for ; i < len(sorted) && sorted[i].Length == p.At; i++ {
			if sorted[i].Removed {
				p.Removed++
			} else {
				p.Censored++
			}
		}
		if p.Removed > 0 {
			n, d := float64(p.AtRisk), float64(p.Removed)
			survival *= (n - d) / n
			greenwood += d / (n * (n - d)) // +Inf at the last step to 0, which is looked at below
			lower, upper = interval(survival, greenwood, upper)
		}
		p.Survival, p.Lower, p.Upper = survival, lower, upper
		if survival > 0 {
			p.StdErr = survival * math.Sqrt(greenwood)
		}
		curve = append(curve, p)
	}
	return curve
}

// interval is the 95% confidence interval of a survival by log(-log): it stays within 0 and 1.
func interval(survival, greenwood, before float64) (lower, upper float64) {
	if survival <= 0 {
		return 0, before
	}
	if survival >= 1 {
		return 1, 1
	}
	half := z95 * math.Sqrt(greenwood) / -math.Log(survival)
	return math.Pow(survival, math.Exp(half)), math.Pow(survival, math.Exp(-half))
}

// At is the curve's step that holds at the time t; before the first step all is there, with certainty.
func (c Curve) At(t time.Duration) Point {
	i, found := slices.BinarySearchFunc(c, t, func(p Point, t time.Duration) int { return cmp.Compare(p.At, t) })
	if found {
		return c[i]
	}
	if i == 0 {
		return Point{Survival: 1, Lower: 1, Upper: 1}
	}
	return c[i-1]
}

// Quantile is the time by which a share was removed.
type Quantile struct {
	// Share is the quantile, for example 0.5 for the median.
	Share float64
	// At is nil when the curve does not go so far: not reached, which is a finding of its own.
	At *time.Duration
	// Lower and Upper bound At with 95% confidence (Brookmeyer and Crowley, Biometrics 38, 1982); nil when
	// not reached.
	Lower, Upper *time.Duration
	// Earliest is At if every removal had happened right after its last sighting: the truth lies
	// between Earliest and At. Nil when not reached; set by Summarise only.
	Earliest *time.Duration
}

// Quantile is the smallest time at which the curve is at or below 1-share; share is between 0 and 1.
func (c Curve) Quantile(share float64) Quantile {
	const tolerance = 1e-9 // products of fractions
	first := func(value func(Point) float64) *time.Duration {
		for _, p := range c {
			if p.Removed > 0 && value(p) <= 1-share+tolerance {
				at := p.At
				return &at
			}
		}
		return nil
	}
	return Quantile{
		Share: share,
		At:    first(func(p Point) float64 { return p.Survival }),
		Lower: first(func(p Point) float64 { return p.Lower }),
		Upper: first(func(p Point) float64 { return p.Upper }),
	}
}
