package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddressesThatRemarksAskToUse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
		want  []string
	}{
		{"one line, one purpose", []string{"Report spam and abuse: desk@host.example"}, []string{"desk@host.example"}},
		{"two purposes in one line", []string{"abuse: abuse@host.example; peering: peering@host.example"}, []string{"abuse@host.example"}},
		{"two purposes, the other first", []string{"peering: noc@host.example, abuse: abuse@host.example"}, []string{"abuse@host.example"}},
		{"a desk and a person in copy", []string{"send abuse reports to abuse@host.example or ana@host.example"}, []string{"abuse@host.example"}},
		{"two addresses for reports", []string{"for spam complaints write to a@host.example or b@host.example"}, []string{"a@host.example", "b@host.example"}},
		{"another purpose", []string{"Routing, peering, security: noc@host.example"}, nil},
		{"the purpose is in the line before", []string{"send spam reports and abuse reports", "to desk@host.example"}, []string{"desk@host.example"}},
		{"Spanish", []string{"Para denuncias de abuso: red@host.example"}, []string{"red@host.example"}},
		{"a desk with a Spanish name", []string{"contacto abuso@host.example"}, []string{"abuso@host.example"}},
		{"Russian", []string{"Жалобы на спам: noc@host.example"}, []string{"noc@host.example"}},
		{"Chinese", []string{"投诉邮箱 noc@host.example"}, []string{"noc@host.example"}},
		{"hidden from robots", []string{"Abuse: abuse[At]host.example"}, []string{"abuse@host.example"}},
		{"a domain that says something else", []string{"abuse@registration.example"}, []string{"abuse@registration.example"}},
		{"masked", []string{"abuse: ***@host.example"}, nil},
		{"checked by the registry", []string{"abuse@host.example was validated on 2026-02-14"}, nil},
		{"general information", []string{"User support, general questions: support@host.example"}, nil},
		{"on one line", []string{"please send abuse reports to desk@host.example"}, []string{"desk@host.example"}},
		{"on the next line", []string{"Abuse and spam reports:", "desk@host.example"}, []string{"desk@host.example"}},
		{"a sentence over two lines", []string{"For abuse please contact our", "team under desk@host.example"}, []string{"desk@host.example"}},
		{"by the mailbox", []string{"abuse@host.example"}, []string{"abuse@host.example"}},
		{"sorted by matter", []string{"Abuse: desk@host.example", "Peering: peering@host.example", "NOC: noc@host.example"}, []string{"desk@host.example"}},
		{"another heading ends it", []string{"Abuse:", "Peering issues:", "peering@host.example"}, nil},
		{"corrections are no abuse", []string{"report inaccuracies to hostmaster@host.example"}, nil},
		{"a mailbox that is out of use", []string{"abuse@host.example is invalid"}, nil},
		{"a technical contact", []string{"call us or mail office@host.example"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range remarkContacts(tt.lines) {
				if c.Role != RoleAbuse || c.Found != FoundRemarks {
					t.Errorf("contact %+v: want role abuse, found in remarks", c)
				}
				got = append(got, c.Email)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}
