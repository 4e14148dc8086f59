package ui_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// check holds a page to what every page must be: well nested, ids used once,
// every input labelled, one main heading, no script or inline style, and links
// and forms that lead somewhere.
func check(t *testing.T, b *browser, page string) {
	t.Helper()
	nesting(t, page)
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, labels, count := map[string]bool{}, map[string]bool{}, map[string]int{}
	var needLabel, refer, links []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		a := map[string]string{}
		for _, attr := range n.Attr {
			a[attr.Key] = attr.Val
			if attr.Key == "style" || strings.HasPrefix(attr.Key, "on") {
				t.Errorf("<%s> has the attribute %s", n.Data, attr.Key)
			}
		}
		if id := a["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %q is used twice", id)
			}
			ids[id] = true
		}
		refer = append(refer, strings.Fields(a["aria-labelledby"]+" "+a["aria-describedby"])...)
		switch n.Data {
		case "label":
			labels[a["for"]] = true
		case "input", "select", "textarea":
			if a["type"] != "hidden" {
				needLabel = append(needLabel, a["id"])
			}
		case "a":
			links = append(links, a["href"])
		case "form":
			if a["method"] == "post" && !strings.HasPrefix(a["action"], "/") {
				t.Errorf("a form posts to %q", a["action"])
			}
		case "script", "style", "iframe", "img", "object", "embed":
			t.Errorf("the page has a <%s>", n.Data)
		case "html":
			if a["lang"] == "" {
				t.Error("the page names no language")
			}
		case "th":
			if a["scope"] == "" {
				t.Error("a heading of a table has no scope")
			}
		}
	}
	if count["h1"] != 1 || count["title"] < 1 || count["main"] != 1 {
		t.Errorf("h1 %d, title %d, main %d", count["h1"], count["title"], count["main"])
	}
	for _, id := range needLabel {
		if id == "" || !labels[id] {
			t.Errorf("input %q has no label", id)
		}
	}
	for _, id := range refer {
		if !ids[id] {
			t.Errorf("aria refers to %q, which is not there", id)
		}
	}
	for _, link := range links {
		if fragment, ok := strings.CutPrefix(link, "#"); ok {
			if !ids[fragment] {
				t.Errorf("link to %q, which is not there", link)
			}
			continue
		}
		path, _, _ := strings.Cut(link, "#")
		if w := b.get(path); w.Code != http.StatusOK {
			t.Errorf("link to %s: %d", link, w.Code)
		}
	}
}

// void are the elements without an end tag.
var void = map[string]bool{"meta": true, "link": true, "input": true, "br": true, "hr": true}

// nesting reports tags that are not closed in order: a parser would quietly repair them.
func nesting(t *testing.T, page string) {
	t.Helper()
	var open []string
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("not closed: %v", open)
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			if !void[string(name)] {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Errorf("</%s> closes %v", name, open)
				return
			}
			open = open[:len(open)-1]
		case html.TextToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
}
