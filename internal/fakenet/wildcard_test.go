package fakenet

import (
	"io"
	"net/http"
	"testing"
)

// A wildcard answers for names that are not there, at every depth, and only while it is in force.
func TestWildcard(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	echo := Behaviour{Answer: func(w http.ResponseWriter, r *Request) { _, _ = io.WriteString(w, r.Host) }}.AllPaths().AllNames()
	n.Add(Site{Host: "wild.example", Acts: Always(echo)})
	n.Add(Site{Host: "mail.wild.example", Acts: Always(Page("Mail", "A site of its own."))})
	n.Add(Site{Host: "plain.example"})
	client := newClient(t, n, n.Dialer("local"))
	for host, want := range map[string]string{
		"x7.wild.example": "x7.wild.example", "a.b.wild.example": "a.b.wild.example", "wild.example": "wild.example",
		"x7.mail.wild.example": "", "x7.plain.example": "", "unwild.example": "",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if answer, err := client.Do(r); err == nil {
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			got = string(body)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	n.Change("wild.example", Page("No more").AllPaths())
	if found := n.lookup("x7.wild.example"); found != nil {
		t.Errorf("a name below a host without a wildcard is at %v", found)
	}
}
