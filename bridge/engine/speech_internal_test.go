package engine

import (
	"testing"

	"parley/bridge"
	"parley/store"
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

// By which of their names colleagues are addressed. Their author is none of his own.
func TestNamingOf(t *testing.T) {
	t.Parallel()
	agents := []store.Agent{{ID: 1, Name: "José Ruiz", Active: true}, {ID: 2, Name: "Anna-Lena Ng", Active: true}, {ID: 3, Name: "Kim Left"}}
	dir := NewDirectory(store.Directory{Agents: agents})
	for _, tt := range []struct {
		text string
		want Naming
	}{
		{"Hello Jose, can you look?", NamesColleague},
		{"JOSÉ RUIZ: can you look?", NamesColleague},
		{"Can you look, @jose?", NamesAfterAt},
		{"Anna-Lena please look", NamesColleague},
		{"Hi Anna, can you look?", NamesColleague},
		{"Hi Kim, can you look?", NamesNobody},
		{"Josephine, your parcel is here", NamesNobody},
	} {
		if got := namingOf(dir, nil, tt.text); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
		}
	}
	if got := namingOf(dir, &agents[0], "José, your parcel is here"); got != NamesNobody {
		t.Errorf("the author's own name: got %v, want nobody's", got)
	}
}

// A text that greets the customer by name is a reply, even after a colleague's remark. One that may mean a colleague isn't.
func TestGreets(t *testing.T) {
	t.Parallel()
	dir := NewDirectory(store.Directory{
		Agents: []store.Agent{{ID: 1, Name: "Ben Ng", Active: true}, {ID: 2, Name: "José Ruiz", Active: true}},
		Teams:  []store.Team{{Name: "Sales"}},
	})
	for _, tt := range []struct {
		customer, text string
		want           bool
	}{
		{customer: "Maria Lopez", text: "Hello Maria, Ben here: new mugs leave today.", want: true},
		{customer: "Maria Lopez", text: "Dear maria lopez\nnew mugs leave today", want: true},
		{customer: "Mária Lopez", text: "Hi Maria!", want: true},
		{customer: "Maria Lopez", text: "Hi Maria is mad again"},
		{customer: "Maria Lopez", text: "Maria, new mugs leave today"},
		{customer: "Maria Lopez", text: "Yes Maria, that one"}, // answers "Who is it?"
		{customer: "Maria Lopez", text: "Ok, hi Maria, that should do"},
		{customer: "Maria Lopez", text: "Hi Lopez, new mugs leave today"},
		{customer: "Maria Lopez", text: "Hi Maria Bianchi, new mugs leave today"},
		{customer: "Maria Lopez", text: "Hi, Maria is mad"},
		{customer: "Ben Cole", text: "Hi Ben, new mugs leave today"},
		{customer: "Jose Cole", text: "Hola José, new mugs leave today"},
		{customer: "José Cole", text: "Hola Jose, new mugs leave today"},
		{customer: "Ruiz Cole", text: "Hi Ruiz, new mugs leave today"},
		{customer: "Team Acme", text: "Hi team, who knows this?"},
		{customer: "Sales GmbH", text: "Hi sales, who knows this?"},
		{customer: "", text: "Hi Maria, new mugs leave today"},
	} {
		if got := greets(dir, []string{tt.customer}, tt.text); got != tt.want {
			t.Errorf("%q greets %q: got %t, want %t", tt.text, tt.customer, got, tt.want)
		}
	}
}
