package ui

import (
	"net/http"
	"time"

	"vigil/casefile"
	"vigil/web/figures"
)

// Bounds of the page of figures.
const (
	maxGroups = 20 // rows by country and by provider
	maxSteps  = 60 // rows of the curve's table
)

type removalView struct {
	Clock                figures.Clock
	AsOf                 time.Time
	All                  figures.Group
	Chart                *chart // nil when there is nothing to draw
	Rows                 []figures.Point
	Thinned              int // every how manyth step is in Rows; 0 for each
	Countries, Providers groupsView
}

type groupsView struct {
	Head   string
	Groups []figures.Group
	More   int // groups that are left out
}

func (u *UI) removal(w http.ResponseWriter, r *http.Request, _ casefile.Person) {
	clock := figures.Clock(r.URL.Query().Get("clock"))
	if !clock.Valid() {
		clock = figures.FromReport
	}
	countries, err := u.Figures(r.Context(), figures.Query{Clock: clock, By: figures.ByCountry})
	if err != nil {
		u.wrong(w, r, "count figures", err)
		return
	}
	providers, err := u.Figures(r.Context(), figures.Query{Clock: clock, By: figures.ByProvider})
	if err != nil {
		u.wrong(w, r, "count figures", err)
		return
	}
	v := removalView{
		Clock: clock, AsOf: countries.AsOf, All: countries.All, Chart: draw(countries.All),
		Countries: groupsOf("Country", countries.Groups), Providers: groupsOf("Provider", providers.Groups),
	}
	v.Rows, v.Thinned = thin(countries.All.Curve, maxSteps)
	u.show(w, r, http.StatusOK, "removal.html", page{Title: "Time to removal", Section: "removal", Content: v})
}

func groupsOf(head string, groups []figures.Group) groupsView {
	shown := groups[:min(len(groups), maxGroups)]
	return groupsView{Head: head, Groups: shown, More: len(groups) - len(shown)}
}

// thin keeps at most about most points, evenly, and the last one.
func thin(points []figures.Point, most int) ([]figures.Point, int) {
	if len(points) <= most {
		return points, 0
	}
	every := (len(points) + most - 1) / most
	var out []figures.Point
	for i, p := range points {
		if i%every == 0 || i == len(points)-1 {
			out = append(out, p)
		}
	}
	return out, every
}
