package fetch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

// folded are the words of a text as their hashes.
func folded(text string) []uint64 {
	var list []uint64
	words([]byte(text), func(h uint64, _ kind) { list = append(list, h) })
	return list
}

// The same words, written in other ways, fold to the same.
func TestWaysOfWriting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, one, other string }{
		{"Turkish capitals with and without a dot", "SAYFA BULUNAMADI İSTENEN", "sayfa bulunamadı istenen"},
		{"Turkish i written as Latin i", "hesap askiya alindi", "hesap askıya alındı"},
		{"Polish capitals", "ŻĄDANA STRONA WYGASŁA", "żądana strona wygasła"},
		{"Polish without accents", "zadana strona wygasla", "żądana strona wygasła"},
		{"Czech capitals", "STRÁNKA NEBYLA NALEZENA, ÚČET", "stránka nebyla nalezena účet"},
		{"Czech with accents of their own", "stra\u0301nka u\u0301c\u030cet", "stránka účet"},
		{"French apostrophes", "n’existe plus d‘un", "n'existe plus d un"},
		{"French capitals without accents", "SUPPRIME", "supprimé"},
		{"German sharp s", "VERSTOSS gegen VERSTOẞ", "verstoß gegen verstoß"},
		{"German umlaut with dots of its own", "gelo\u0308scht", "gelöscht"},
		{"Portuguese tilde", "NAO ENCONTRADA", "não encontrada"},
		{"Russian yo and short i", "ИСТЁК ЗАЙТИ", "истек заи\u0306ти"},
		{"Russian ye for yo", "удален", "удалён"},
		{"Japanese with spaces and line breaks", "ページが\n見つかりません\u3000でした", "ページが見つかりませんでした"},
		{"Japanese half-width katakana", "ﾍﾟｰｼﾞが見つかりません", "ページが見つかりません"},
		{"Japanese voicing as characters of its own", "ヘ\u309aーシ\u3099か\u3099", "ページが"},
		{"full-width letters and digits", "１８歳以上　ＰＡＧＥ ｎｏｔ ｆｏｕｎｄ", "18歳以上 page not found"},
		{"soft hyphens and zero widths", "pa\u00adge n\u200bot fou\u2060nd", "page not found"},
		{"Dutch ligature letters", "ＩＪ een", "ij een"},
	} {
		if diff := cmp.Diff(folded(tt.other), folded(tt.one)); diff != "" {
			t.Errorf("%s: %q and %q differ:\n%s", tt.name, tt.one, tt.other, diff)
		}
	}
	for _, tt := range [][2]string{{"かき", "さき"}, {"ま", "み"}, {"истек", "исток"}, {"page", "pages"}, {"ツ", "ッ"}, {"は", "ま"}, {"a b", "ab"}} {
		if cmp.Equal(folded(tt[0]), folded(tt[1])) {
			t.Errorf("%q and %q fold to the same", tt[0], tt[1])
		}
	}
	if got := folded("× ÷ ・ ゠ 、。 … ★ \u2028"); len(got) != 0 {
		t.Errorf("signs make %d words", len(got))
	}
}

func TestHalfWidthKanaAreAllThere(t *testing.T) {
	t.Parallel()
	if len(halfKanaFold) != 0xff9d-0xff66+1 {
		t.Fatalf("%d half-width kana", len(halfKanaFold))
	}
	for half, full := range map[string]string{"ｦ": "ヲ", "ｧ": "ァ", "ｯ": "ッ", "ｰ": "ー", "ｱ": "ア", "ﾀ": "タ", "ﾊ": "ハ", "ﾜ": "ワ", "ﾝ": "ン"} {
		if !cmp.Equal(folded(half), folded(full)) {
			t.Errorf("%s is not %s", half, full)
		}
	}
}

// Two characters of a script without spaces count as a word: a page of Japanese is as
// long as its translation.
func TestCharactersCountAsHalfAWord(t *testing.T) {
	t.Parallel()
	count := func(body string) int { return featuresOf(testScratch(), body, "text/html; charset=utf-8").Words }
	for body, want := range map[string]int{"<p>四文字語": 2, "<p>三文字": 2, "<p>一<b>二</b> word": 2, "<p>" + strings.Repeat("字", 800): 400} {
		if got := count(body); got != want {
			t.Errorf("%.20q has %d words, want %d", body, got, want)
		}
	}
	notice := "<p>お探しのページは見つかりませんでした。" + strings.Repeat("字", 2*maxPhraseWords-30)
	if got := markersOf(notice); !cmp.Equal(got, []casefile.Marker{casefile.MarkerNotFound}) {
		t.Errorf("a page of some 390 words says %v", got)
	}
}

// BenchmarkFeaturesOfPages has what decides the cost: the script, and whether the
// page is short enough for phrases and signs to count.
func BenchmarkFeaturesOfPages(b *testing.B) {
	for name, line := range map[string]string{
		"russian":  "<p class=\"text t%d\">Безобидные слова и числа, как на любой странице, и <a href=\"/p/%d\">ссылка</a></p>\n",
		"japanese": "<p class=\"text t%d\">どのページにもあるような無害な言葉と数字、そして<a href=\"/p/%d\">リンク</a></p>\n",
		"markup":   "<div class=\"col-sm-6 col-md-4 d%d\" data-id=\"a-b-c\" style=\"left:1px\"><img src=\"/static/img/%d.jpg\" alt=\"\"></div>\n",
	} {
		var page strings.Builder
		for i := 0; page.Len() < 20<<10; i++ {
			fmt.Fprintf(&page, line, i, i)
		}
		b.Run(name, func(b *testing.B) {
			s := testScratch()
			b.SetBytes(int64(page.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if f := featuresOf(s, page.String(), "text/html; charset=utf-8"); len(f.Markers) != 0 {
					b.Fatalf("markers %v", f.Markers)
				}
			}
		})
	}
}
