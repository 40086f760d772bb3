package offline

import (
	"slices"
	"testing"

	"parley/bridge/analysis"
)

// ask analyses one message at a desk.
func ask(t *testing.T, a *Analyzer, text string, desk analysis.Desk) analysis.Answer {
	t.Helper()
	q := analysis.Question{Burst: []analysis.Message{{Text: text}}, Desk: desk}
	answer, err := a.Analyze(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, q, answer)
	return answer
}

func TestADesksOwnIntentsAndTags(t *testing.T) {
	desk := analysis.Desk{
		Intents: []analysis.Intent{{Name: "sponsoring", Words: []string{"sponsor", "Vereinstrikot"}}, {Name: "return"}, {Name: "spare_parts", Words: []string{"Ersatzteil"}}},
		Tags:    []analysis.Tag{{Name: "VIP"}, {Name: "coffee", Words: []string{"Espressomaschine", "milk frother"}}},
	}
	a := New()
	got := ask(t, a, "Guten Tag, bekomme ich Ersatzteile für meine Espressomaschine?", desk)
	if !slices.Equal(got.Intents, []string{"spare_parts"}) || !slices.Equal(got.Tags, []string{"coffee"}) {
		t.Errorf("got %v, %v", got.Intents, got.Tags)
	}
}

func TestWhatSimilarOnesWanted(t *testing.T) {
	desk := analysis.Desk{
		Intents: []analysis.Intent{{Name: "firmware"}, {Name: "other_thing"}},
		Tags:    []analysis.Tag{{Name: "gateway"}, {Name: "printing"}},
		Examples: []analysis.Example{
			{Text: "The gateway blinks orange after flashing the beta build", Intent: "firmware", Tags: []string{"gateway"}, Solver: "Mia"},
			{Text: "Toner is empty in the hall printer", Intent: "other_thing", Tags: []string{"printing"}, Solver: "Tom"},
		},
		Actions: []analysis.ActionName{analysis.Assign},
	}
	got := ask(t, New(), "After flashing the new beta build our gateway keeps blinking orange.", desk)
	if !slices.Equal(got.Intents, []string{"firmware"}) || !slices.Contains(got.Tags, "gateway") || slices.Contains(got.Tags, "printing") {
		t.Errorf("got %v, %v", got.Intents, got.Tags)
	}
	if want := []analysis.Action{{Name: analysis.Assign, Value: "Mia"}}; !slices.Equal(got.Actions, want) {
		t.Errorf("got %v, want %v", got.Actions, want)
	}
}

func TestRepliesCiteTheirSource(t *testing.T) {
	desk := analysis.Desk{Sources: []analysis.Source{
		{ID: "hours", Title: "Opening hours", Text: "When are you open?", Reply: "We are open from 9 to 5."},
		{ID: "reset", Title: "Reset the password", Text: "How to reset a forgotten password", Reply: "Use the link below the form to reset your password."},
		{ID: "zuruecksetzen", Title: "Reset password", Text: "How to reset a forgotten password", Reply: "Über den Link unter dem Formular setzen Sie das Passwort zurück."},
	}}
	got := ask(t, New(), "I have forgotten my password, how can I reset it?", desk)
	if len(got.Replies) == 0 || !slices.Equal(got.Replies[0].Sources, []string{"reset"}) {
		t.Errorf("got %v", got.Replies)
	}
	if got := ask(t, New(), "My chair squeaks.", desk); len(got.Replies) != 0 {
		t.Errorf("got %v, want none", got.Replies)
	}
}

func TestADesksPatterns(t *testing.T) {
	desk := analysis.Desk{References: []analysis.Pattern{
		{Kind: "rma", Regexp: `RMA (\d{5})`, Link: "https://example.org/rma/{number}?x=1"},
		{Kind: "broken", Regexp: `(`},
		{Kind: "path", Regexp: `\bP/\S+`, Link: "https://example.org/{number}"},
		{Kind: "order", Link: "https://example.org/o/{number}"},
	}}
	got := ask(t, New(), "See RMA 12345, P/1?a and order no. AB-77 please. Invoice no. 999123", desk)
	want := []analysis.Reference{
		{Kind: "rma", Value: "12345", Link: "https://example.org/rma/12345?x=1"},
		{Kind: "path", Value: "P/1?a", Link: "https://example.org/P%2F1%3Fa"},
		{Kind: "order", Value: "AB-77", Link: "https://example.org/o/AB-77"},
	}
	if !slices.Equal(got.References, want) {
		t.Errorf("got %v, want %v", got.References, want)
	}
}

func TestNumbersThatAreNoReferences(t *testing.T) {
	a := New()
	for _, text := range []string{
		"Please call +49 30 1234567 or 030/1234567-0 today.", "My IBAN is DE89 3704 0044 0532 0130 00.", "The order of 12.05.2026 cost 1299,00 €.",
		"I would like to order 20 chairs and 3 tables.", "Invoice from 2026-05-12 please", "Bestellung um 10:30 Uhr, 1.299 Euro", "customer number 556677",
		"Il mio ordine del 12/05/2026, tel. 06 1234567", "Meine Artikelnummer ist 889-221-X", "nous avons commandé 12 pièces à 14h30", "zapłaciłem 250 zł, tel. 600 100 200",
	} {
		if got := ask(t, a, text, analysis.Desk{}).References; len(got) != 0 {
			t.Errorf("%q: %v, want none", text, got)
		}
	}
}

func TestNumbersThatAre(t *testing.T) {
	a := New()
	for text, want := range map[string][]string{
		"order no. 4711": {"4711"}, "Bestellnummer: AB-1234": {"AB-1234"}, "facture n° F2024/118": {"F2024/118"}, "zamówienie nr 55/2026/A": {"55/2026/A"},
		"where is #10233": {"10233"}, "Bestellungen 4711, 4712 und 4713": {"4711", "4712", "4713"}, "pedido nº 88123": {"88123"}, "ordine n. 7781": {"7781"},
		"tracking 1Z999AA10123456784": {"1Z999AA10123456784"}, "Ticket #512": {"512"}, "fatura 2026/551.": {"2026/551"}, "offerte 26-0031": {"26-0031"},
	} {
		var got []string
		for _, r := range ask(t, a, text, analysis.Desk{}).References {
			got = append(got, r.Value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestSnoozeUntilAFullDate(t *testing.T) {
	desk := analysis.Desk{Actions: []analysis.ActionName{analysis.Snooze}}
	a := New()
	for text, want := range map[string]string{
		"I'm away until December 5, 2026, please write after that.": "2026-12-05", "Bitte melden Sie sich erst nach dem 5. Dezember 2026.": "2026-12-05",
		"Je suis absent jusqu'au 12/01/2027.": "", "Estoy fuera hasta el 20 de diciembre de 2026.": "2026-12-20", "wracam 14.12.2026": "2026-12-14",
		"I'm back on Monday.": "", "Bin bis 31.02.2027 im Urlaub.": "",
	} {
		value := ""
		if got := ask(t, a, text, desk).Actions; len(got) > 0 {
			value = got[0].Value
		}
		if value != want {
			t.Errorf("%q: %q, want %q", text, value, want)
		}
	}
}

func TestTheSameQuestionHasTheSameAnswer(t *testing.T) {
	a, b := New(), New()
	for _, l := range readCustomers(t) {
		for range 3 {
			x, y := ask(t, a, l.Texts[0], typical().Desk), ask(t, b, l.Texts[0], typical().Desk)
			if x.Sentiment != y.Sentiment || x.Urgency != y.Urgency || !slices.Equal(x.Intents, y.Intents) || !slices.Equal(x.References, y.References) {
				t.Errorf("%q: %+v and %+v", l.Texts[0], x, y)
			}
		}
	}
}
