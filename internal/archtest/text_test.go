package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// foreignText are the rooms that read what others wrote: pages, registries, mail servers. They compare text because it
// is all that there is.
// So do the shared tests, whose cases have names.
var foreignText = []string{"crawler", "geolocate", "internal/fakenet", "store/storetest", "web/webtest"}

// sentence is a text of several words, as people read it.
var sentence = regexp.MustCompile(`[A-Za-z],? [A-Za-z]+(?: |$)`)

// literal is the value of a text literal; empty of anything else.
func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		text, _ := strconv.Unquote(lit.Value)
		return text
	}
	return ""
}

// looksUp gives the texts that a piece of code compares with, or has as keys.
func looksUp(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CaseClause:
		return n.List
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			return []ast.Expr{n.X, n.Y}
		}
	case *ast.IndexExpr:
		return []ast.Expr{n.Index}
	case *ast.KeyValueExpr:
		return []ast.Expr{n.Key}
	}
	return nil
}

// TestNothingIsLookedUpByASentence: the product compares codes, so that a text can be reworded and translated.
func TestNothingIsLookedUpByASentence(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		if strings.HasSuffix(f.path, "_test.go") || slices.ContainsFunc(foreignText, func(room string) bool { return strings.HasPrefix(f.path, room+"/") }) {
			continue
		}
		walk(t, f.path, func(n ast.Node) {
			for _, e := range looksUp(n) {
				if text := literal(e); sentence.MatchString(text) {
					t.Errorf("%s looks up %q; give it a code, with its words in words/", f.path, text)
				}
			}
		})
	}
}

// TestTheJudgeHoldsNoTextForPeople: but for errors of its own, what it says is codes.
func TestTheJudgeHoldsNoTextForPeople(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		if room(filepath.Dir(f.path)) != "judge" || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		ours := map[ast.Expr]bool{}
		walk(t, f.path, func(n ast.Node) {
			if call, ok := n.(*ast.CallExpr); ok {
				if f, ok := call.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "Errorf" || f.Sel.Name == "New") {
					for _, arg := range call.Args {
						ours[arg] = true
					}
				}
			}
			if e, ok := n.(ast.Expr); ok && !ours[e] && sentence.MatchString(literal(e)) {
				t.Errorf("%s says %q; give it a code, with its words in words/", f.path, literal(e))
			}
		})
	}
}

func walk(t *testing.T, path string, visit func(ast.Node)) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		visit(n)
		return true
	})
}
