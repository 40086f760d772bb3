package speech

import (
	"testing"

	"parley/bridge"
)

// By which of their names customers are addressed, as people write them.
func TestIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		customer, called string
		want             bool
	}{
		{customer: "Maria Rossi", called: "maria", want: true},
		{customer: "Maria Rossi", called: "mrs rossi", want: true},
		{customer: "Mária Rossi", called: "maria rossi", want: true},
		{customer: "Jean-Luc Picard", called: "jean-luc", want: true},
		{customer: "Jean-Luc Picard", called: "luc"},
		{customer: "Maria Rossi", called: "maria bianchi"},
		{customer: "Maria Rossi", called: ""},
		{customer: "", called: "maria"},
	} {
		if got := isNamed(bridge.PartyRef{Name: tt.customer}, tt.called); got != tt.want {
			t.Errorf("%q is called %q: got %t, want %t", tt.customer, tt.called, got, tt.want)
		}
	}
}
