package offline

import (
	"slices"
	"testing"

	"parley/bridge/analysis"
)

// An intent of the desk's own is found by its words in any form. A tag is found by its words or its name.
func TestIntentsAndTagsOfADesk(t *testing.T) {
	desk := analysis.Desk{
		Intents: []analysis.Intent{
			{Name: "sponsoring", Words: []string{"sponsor", "Vereinstrikot"}},
			{Name: "return"},
			{Name: "spare_parts", Words: []string{"Ersatzteil"}},
		},
		Tags: []analysis.Tag{{Name: "VIP"}, {Name: "coffee", Words: []string{"Espressomaschine", "milk frother"}}},
	}

	got := ask(t, New(), "Guten Tag, bekomme ich Ersatzteile für meine Espressomaschine?", desk)
	if want := []string{"spare_parts"}; !slices.Equal(got.Intents, want) {
		t.Errorf("got the intents %q, want %q", got.Intents, want)
	}
	if want := []string{"coffee"}; !slices.Equal(got.Tags, want) {
		t.Errorf("got the tags %q, want %q", got.Tags, want)
	}
}

// withAnswers is a desk with an answer to one question, and two answers to another. One of these is in another
// language.
func withAnswers() analysis.Desk {
	return analysis.Desk{Sources: []analysis.Source{
		{ID: "hours", Title: "Opening hours", Text: "When are you open? We are open from 9 to 5."},
		{
			ID:    "reset",
			Title: "Reset the password",
			Text:  "How to reset a forgotten password: use the link below the form to reset your password.",
		},
		{
			ID:    "zuruecksetzen",
			Title: "Reset password",
			Text:  "Passwort zurücksetzen, reset password: über den Link unter dem Formular setzen Sie das Passwort zurück.",
		},
	}}
}

// A suggested reply is the desk's answer to the same question in the customer's language, and cites it.
func TestReplyOfASource(t *testing.T) {
	got := ask(t, New(), "I have forgotten my password, how can I reset it?", withAnswers()).Replies
	if len(got) == 0 {
		t.Fatal("got no reply, want one")
	}
	if want := []string{"reset"}; !slices.Equal(got[0].Sources, want) {
		t.Errorf("the first reply cites %q, want %q", got[0].Sources, want)
	}
}

func TestNoReplyToAnotherQuestion(t *testing.T) {
	if got := ask(t, New(), "My chair squeaks.", withAnswers()).Replies; len(got) != 0 {
		t.Errorf("got the replies %+v, want none", got)
	}
}
