package notices

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/email"
	"vigil/internal/operatorcsv"
)

func TestBuiltInDirectory(t *testing.T) {
	t.Parallel()
	d, err := BuiltInDirectory()
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != 60 {
		t.Errorf("%d rows, want 60", d.Len())
	}
	var titles []string
	for _, h := range d.In("DE") {
		titles = append(titles, h.Title())
	}
	if diff := cmp.Diff([]string{"FSM hotline", "eco Complaints Office", "jugendschutz.net"}, titles); diff != "" {
		t.Error(diff)
	}
	al := d.In("AL")
	if len(al) != 1 || al[0].Name != "" || al[0].Status != StatusUncertain || al[0].Approved || al[0].Title() != "AL hotline (name unknown)" {
		t.Errorf("Albania: %+v", al)
	}
	for code, rows := range d.byCountry {
		for _, h := range rows {
			if h.Email != "" || h.Source == "" || h.Country != code {
				t.Errorf("row of %s: %+v", code, h)
			}
		}
	}
	if d.In("XX") != nil {
		t.Error("a country that does not exist has hotlines")
	}
}

func TestReadDirectory(t *testing.T) {
	t.Parallel()
	const file = "\ufeffStatus, HOTLINE ,country,email,approved,form,language\r\n" +
		"confirmed,\"Desk, north\",uk,north@hotline.test,,,en\r\n" +
		"uncertain,Desk south,EL,south@hotline.test,,,\r\n" +
		"uncertain,Desk east,gr,east@hotline.test,yes,https://hotline.test/form,pt-BR\r\n" +
		"confirmed,Desk west,GB,west@hotline.test,no,,\r\n" +
		"uncertain,,AL,,,,\r\n"
	d, err := ReadDirectory(strings.NewReader(file), "test.csv")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]Hotline{
		"GB": {
			{Country: "GB", Name: "Desk west", Email: "west@hotline.test", Status: StatusConfirmed},
			{Country: "GB", Name: "Desk, north", Email: "north@hotline.test", Status: StatusConfirmed, Approved: true, Language: "en"},
		},
		"GR": {
			{Country: "GR", Name: "Desk east", Email: "east@hotline.test", Form: "https://hotline.test/form", Language: "pt-BR", Status: StatusUncertain, Approved: true},
			{Country: "GR", Name: "Desk south", Email: "south@hotline.test", Status: StatusUncertain},
		},
		"AL": {{Country: "AL", Status: StatusUncertain}},
	}
	if diff := cmp.Diff(want, d.byCountry); diff != "" {
		t.Error(diff)
	}
	rows := d.In("GR")
	rows[0].Name = "changed"
	if d.In("GR")[0].Name != "Desk east" {
		t.Error("In hands out the directory's own rows")
	}
}

func TestFaultsOfADirectory(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		want       []string // of each fault, in order: "line: words that must be in it"
	}{
		{"empty", "", []string{"1: no header line"}},
		{"header only", "country,hotline,status\n", []string{"1: no hotline"}},
		{"columns", "country,hotline,e-mail,hotline\n", []string{`1: "e-mail" is unknown; known are country, hotline, website, status, source, email`, `1: "hotline" is there twice`, `1: "status" is missing`}},
		{"rows, all at once", "country,hotline,status,website,email,language,approved,form\n" +
			"ZZ,A,confirmed,,,,,\n" +
			"NL,B,maybe,,,,,\n" +
			"NL,,confirmed,,,,,\n" +
			"\n" +
			"NL,C,confirmed,ftp://x.test,C <c@hotline.test>,english,perhaps,javascript:1\n" +
			"NL,D,confirmed\n" +
			"GB,E,confirmed,,,,,\n" +
			"uk,e,uncertain,,,,,\n" +
			"AL,,uncertain,,,,,\n" +
			"AL,,uncertain,,,,,\n",
			[]string{"2: ISO 3166-1", "3: confirmed or uncertain", "4: needs a name", "6: website", "6: form", "6: email", "6: language", "6: approved", "7: 3 fields, the header has 8", "9: line 8 already", "11: line 10 already"}},
		{"a quote in the middle", "country,hotline,status\nNL,a \"b\" c,confirmed\nZZ,d,confirmed\n", []string{"2: not CSV", "3: ISO 3166-1"}},
		{"a quote without end", "country,hotline,status\nNL,\"a,confirmed\nDE,b,confirmed\n", []string{"2: not CSV"}},
		{"line break in a name", "country,hotline,status\nNL,\"a\nBcc: x@site.test\",confirmed\n", []string{"2: printable line"}},
		{"long name", "country,hotline,status\nNL," + strings.Repeat("a", 201) + ",confirmed\n", []string{"2: at most 200 bytes"}},
		{"not UTF-8", "country,hotline,status\nNL,a\xff,confirmed\nNL,b,confirmed\nNL,\xfe,confirmed\n", []string{"2: UTF-8", "4: UTF-8"}},
		{"not text", "country,hotline,status\nNL,a\x00,confirmed\n", []string{"2: UTF-8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadDirectory(strings.NewReader(test.file), "test.csv")
			var got *operatorcsv.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if len(got.Faults) != len(test.want) {
				t.Fatalf("got %v", got)
			}
			for i, want := range test.want {
				line, words, _ := strings.Cut(want, ": ")
				if !strings.Contains(got.Error(), "\n  line "+line+": "+got.Faults[i].Text) || !strings.Contains(got.Faults[i].Text, words) {
					t.Errorf("fault %d: line %d: %s; want %s", i, got.Faults[i].Line, got.Faults[i].Text, want)
				}
			}
		})
	}
	many := "country,hotline,status\n" + strings.Repeat("ZZ,a,confirmed\n", 150)
	_, err := ReadDirectory(strings.NewReader(many), "test.csv")
	var got *operatorcsv.Error
	if !errors.As(err, &got) || len(got.Faults) != 100 || got.More != 50 || !strings.Contains(err.Error(), "150 faults") || !strings.Contains(err.Error(), "and 50 more") {
		t.Errorf("got %.200v", err)
	}
}

func TestLoadDirectory(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	good, large := filepath.Join(folder, "good.csv"), filepath.Join(folder, "large.csv")
	if err := os.WriteFile(good, builtIn, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, make([]byte, operatorcsv.MaxBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := LoadDirectory(good); err != nil || d.Len() != 60 {
		t.Errorf("good file: %v", err)
	}
	for path, want := range map[string]string{
		filepath.Join(folder, "none.csv"): "there is no such file; set notices.directory",
		folder:                            "it is a folder",
		large:                             "larger than 1 MiB",
	} {
		if _, err := LoadDirectory(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// Whatever the bytes, a directory is either refused with lines or sound.
func FuzzReadDirectory(f *testing.F) {
	f.Add(string(builtIn))
	f.Add("country,hotline,status\nNL,\"a\nb\",confirmed\n")
	f.Add("country,hotline,status,email,approved\nuk,a,uncertain,a@b.test,yes\n")
	f.Fuzz(func(t *testing.T, file string) {
		d, err := ReadDirectory(strings.NewReader(file), "fuzz")
		if err != nil {
			return
		}
		if d.Len() == 0 {
			t.Fatal("an empty directory is taken")
		}
		for code, rows := range d.byCountry {
			for _, h := range rows {
				if casefile.Country(code) != code || h.Country != code {
					t.Fatalf("country %q", code)
				}
				if !h.Status.Valid() || h.Email != "" && !email.Plain(h.Email) || strings.ContainsAny(h.Title()+h.Email+h.Form+h.Website, "\r\n") {
					t.Fatalf("row %+v", h)
				}
				if found, ok := d.find(code, h.Title()); !ok || found.Country != code {
					t.Fatal("a row cannot be found by its title")
				}
			}
		}
	})
}
