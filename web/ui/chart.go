package ui

import (
	"strconv"
	"strings"
	"time"

	"vigil/stats"
	"vigil/words"
)

// chart is a Kaplan-Meier curve in the units of its SVG.
type chart struct {
	Width, Height       int
	Left, Right, LabelX string // of the lines across, and of their labels
	Line, Band          string // paths
	Censored            []stroke
	XTicks              []stroke
	YTicks              []yTick
	Describe            string // for people who do not see it
}

// stroke is a line from top to bottom, of a tick with its label below.
type stroke struct{ X, Y1, Y2, LabelY, Label string }

// yTick is a line from left to right with its label.
type yTick struct {
	Y, LabelY, Label string
	Half             bool
}

// The picture and the plot in it, in SVG units.
const (
	chartWidth, chartHeight         = 720, 340
	plotLeft, plotRight             = 52, 704
	plotTop, plotBottom             = 14, 300
	tickHalf                        = 5
	day                             = 24 * time.Hour
	maxStrokes                      = 300 // more would be a bar, not strokes
	labelBelow, labelLeft, baseline = 20, 8, 4
)

// xSteps are the distances between ticks that read well.
var xSteps = []time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 182 * day, 364 * day,
}

// draw makes the chart of a curve; nil when there is nothing to draw. The curve
// starts at 1 and falls in steps: between two points nothing is assumed.
func (u *UI) draw(g stats.Figures) *chart {
	if len(g.Curve) == 0 {
		return nil
	}
	end := g.Curve[len(g.Curve)-1].At
	end = max(end+end/50, time.Second)
	x := func(d time.Duration) string {
		return coordinate(plotLeft + (plotRight-plotLeft)*float64(d)/float64(end))
	}
	y := func(share float64) string {
		return coordinate(plotBottom - (plotBottom-plotTop)*min(1, max(0, share)))
	}
	c := &chart{
		Width: chartWidth, Height: chartHeight, Describe: u.describe(g),
		Left: coordinate(plotLeft), Right: coordinate(plotRight), LabelX: coordinate(plotLeft - labelLeft),
	}
	c.Line = "M" + x(0) + " " + y(1) + steps(g.Curve, x, y, func(p stats.Point) float64 { return p.Survival }) + "H" + x(end)
	c.Band = band(g.Curve, end, x, y)
	for _, p := range g.Curve {
		if p.Censored > 0 && len(c.Censored) < maxStrokes {
			at := plotBottom - (plotBottom-plotTop)*p.Survival
			c.Censored = append(c.Censored, stroke{X: x(p.At), Y1: coordinate(at - tickHalf), Y2: coordinate(at + tickHalf)})
		}
	}
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		at := plotBottom - (plotBottom-plotTop)*share
		c.YTicks = append(c.YTicks, yTick{coordinate(at), coordinate(at + baseline), words.Percent(share), share == 0.5})
	}
	step := xSteps[len(xSteps)-1]
	for _, s := range xSteps {
		if end/s <= 8 {
			step = s
			break
		}
	}
	step *= max(1, end/step/8)
	for at := time.Duration(0); at <= end; at += step {
		c.XTicks = append(c.XTicks, stroke{
			x(at), coordinate(plotBottom), coordinate(plotBottom + tickHalf), coordinate(plotBottom + labelBelow), spanShort(at),
		})
	}
	return c
}

// steps is the path from the start over the points: along, then down.
func steps(points stats.Curve, x func(time.Duration) string, y func(float64) string, value func(stats.Point) float64) string {
	var b strings.Builder
	for _, p := range points {
		b.WriteString("H" + x(p.At) + "V" + y(value(p)))
	}
	return b.String()
}

// band is the area between the lower and the upper end: along the upper steps, back along the lower ones.
func band(points stats.Curve, end time.Duration, x func(time.Duration) string, y func(float64) string) string {
	var b strings.Builder
	b.WriteString("M" + x(0) + " " + y(1) + steps(points, x, y, func(p stats.Point) float64 { return p.Upper }) + "H" + x(end))
	b.WriteString("V" + y(points[len(points)-1].Lower))
	for i := len(points) - 1; i >= 0; i-- {
		before := 1.0
		if i > 0 {
			before = points[i-1].Lower
		}
		b.WriteString("H" + x(points[i].At) + "V" + y(before))
	}
	return b.String() + "H" + x(0) + "Z"
}

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// spanShort is a label of the time axis.
func spanShort(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + " d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return words.Span(d)
}

// describe tells the curve in a sentence.
func (u *UI) describe(g stats.Figures) string {
	last := g.Curve[len(g.Curve)-1]
	s := u.text("curve_falls", "share", words.Percent(last.Survival), "span", words.Span(last.At))
	if g.Median.At != nil {
		s += " " + u.text("curve_half", "span", words.Span(*g.Median.At))
	}
	return s
}
