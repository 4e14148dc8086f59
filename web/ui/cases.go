package ui

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"vigil/casefile"
	"vigil/explain"
	"vigil/web/mask"
)

// pageRows is how many cases one page lists.
const pageRows = 50

type casesView struct {
	Filter        casefile.CaseFilter
	Filtered      bool
	Standings     []casefile.Standing
	Tabs          []tab
	Rows          []casefile.Case
	Questions     map[casefile.CaseID]string // of those in review
	Newest, Older string
}

type tab struct {
	Standing casefile.Standing // empty for all
	Count    int
	Link     string
	Current  bool
}

// filterOf reads the filter of a page. What is not valid does not filter: an address typed by hand gives a page, not a fault.
func filterOf(q url.Values) casefile.CaseFilter {
	f := casefile.CaseFilter{Limit: pageRows}
	if s := casefile.Standing(q.Get("standing")); s.Valid() {
		f.Standing = s
	}
	if c := strings.ToUpper(strings.TrimSpace(q.Get("country"))); len(c) == 2 {
		f.Country = c
	}
	if h := strings.TrimSpace(q.Get("hotline")); len(h) <= 200 {
		f.Hotline = h
	}
	if n, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && n > 0 {
		f.Before = casefile.CaseID(n)
	}
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n >= 1 && n <= casefile.MaxPage {
		f.Limit = n
	}
	return f
}

// linkOf is the address of the page of a filter.
func linkOf(f casefile.CaseFilter) string {
	q := url.Values{}
	for name, value := range map[string]string{"standing": string(f.Standing), "country": f.Country, "hotline": f.Hotline} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Before > 0 {
		q.Set("before", strconv.FormatInt(int64(f.Before), 10))
	}
	if f.Limit != pageRows {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	if len(q) == 0 {
		return "/cases"
	}
	return "/cases?" + q.Encode()
}

func (u *UI) cases(w http.ResponseWriter, r *http.Request, _ casefile.Person) {
	f := filterOf(r.URL.Query())
	rows, err := u.Store.Cases(r.Context(), f)
	counts, err2 := u.Store.Counts(r.Context())
	if err := errors.Join(err, err2); err != nil {
		u.wrong(w, r, "list cases", err)
		return
	}
	v := casesView{
		Filter: f, Filtered: f.Standing != "" || f.Country != "" || f.Hotline != "", Standings: casefile.Standings,
		Tabs: tabsOf(f, counts), Rows: rows, Questions: map[casefile.CaseID]string{},
	}
	if f.Before > 0 {
		newest := f
		newest.Before = 0
		v.Newest = linkOf(newest)
	}
	if len(rows) == f.Limit {
		older := f
		older.Before, older.Limit = rows[len(rows)-1].ID, 1
		more, err := u.Store.Cases(r.Context(), older)
		if err != nil {
			u.wrong(w, r, "list cases", err)
			return
		}
		if older.Limit = f.Limit; len(more) > 0 {
			v.Older = linkOf(older)
		}
	}
	for i := range rows {
		if q, ok := rows[i].Question(nil); ok {
			text, _ := explain.Question(u.words, q)
			v.Questions[rows[i].ID] = mask.New(rows[i].Target).Text(text)
		}
		if rows[i].Hosting != nil {
			h := *rows[i].Hosting // the list shows only this of it
			h.Provider = mask.New(rows[i].Target).Text(h.Provider)
			rows[i].Hosting = &h
		}
	}
	u.show(w, r, http.StatusOK, "cases.html", page{Title: u.text("cases"), Section: "cases", Content: v})
}

// tabsOf are the counts by standing, each a link to its cases, without the empty ones.
func tabsOf(f casefile.CaseFilter, counts map[casefile.Standing]int) []tab {
	link := func(s casefile.Standing) string {
		return linkOf(casefile.CaseFilter{Standing: s, Country: f.Country, Hotline: f.Hotline, Limit: pageRows})
	}
	all := tab{Link: link(""), Current: f.Standing == ""}
	tabs := []tab{all}
	for _, s := range casefile.Standings {
		tabs[0].Count += counts[s]
		if counts[s] > 0 || f.Standing == s {
			tabs = append(tabs, tab{s, counts[s], link(s), f.Standing == s})
		}
	}
	return tabs
}
