package offline

import (
	"slices"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
)

// A desk's patterns find its numbers and make links, in which the numbers are escaped. A malformed pattern finds
// nothing.
func TestPatternsOfADesk(t *testing.T) {
	desk := analysis.Desk{References: []analysis.Pattern{
		{Kind: "rma", Regexp: `RMA (\d{5})`, Link: "https://example.org/rma/{number}?x=1"},
		{Kind: "malformed", Regexp: `(`},
		{Kind: "path", Regexp: `\bP/\S+`, Link: "https://example.org/{number}"},
		{Kind: "order", Link: "https://example.org/o/{number}"}, // a usual kind needs no expression
	}}

	got := ask(t, New(), "See RMA 12345, P/1?a and order no. AB-77 please. Invoice no. 999123", desk).References
	want := []analysis.Reference{
		{Kind: "rma", Value: "12345", Link: "https://example.org/rma/12345?x=1"},
		{Kind: "path", Value: "P/1?a", Link: "https://example.org/P%2F1%3Fa"},
		{Kind: "order", Value: "AB-77", Link: "https://example.org/o/AB-77"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Numbers of phones, accounts, dates, prices, counts and articles aren't references.
func TestNumbersThatAreNoReferences(t *testing.T) {
	a := New()
	for _, text := range []string{
		"Please call +49 30 1234567 or 030/1234567-0 today.",
		"My IBAN is DE89 3704 0044 0532 0130 00.",
		"The order of 12.05.2026 cost 1299,00 €.",
		"Invoice from 2026-05-12 please",
		"Bestellung um 10:30 Uhr, 1.299 Euro",
		"I would like to order 20 chairs and 3 tables.",
		"customer number 556677",
		"Meine Artikelnummer ist 889-221-X",
		"Il mio ordine del 12/05/2026, tel. 06 1234567",
		"nous avons commandé 12 pièces à 14h30",
		"zapłaciłem 250 zł, tel. 600 100 200",
	} {
		if got := ask(t, a, text, analysis.Desk{}).References; len(got) != 0 {
			t.Errorf("%q: got the references %+v, want none", text, got)
		}
	}
}

// Numbers of orders, invoices, parcels and the like are recognised by the words before them, in eight languages.
func TestNumbersThatAreReferences(t *testing.T) {
	a := New()
	tests := []struct {
		text string
		want []string
	}{
		{text: "order no. 4711", want: []string{"4711"}},
		{text: "where is #10233", want: []string{"10233"}},
		{text: "Ticket #512", want: []string{"512"}},
		{text: "tracking 1Z999AA10123456784", want: []string{"1Z999AA10123456784"}},
		{text: "Bestellnummer: AB-1234", want: []string{"AB-1234"}},
		{text: "Bestellungen 4711, 4712 und 4713", want: []string{"4711", "4712", "4713"}},
		{text: "facture n° F2024/118", want: []string{"F2024/118"}},
		{text: "pedido nº 88123", want: []string{"88123"}},
		{text: "ordine n. 7781", want: []string{"7781"}},
		{text: "fatura 2026/551.", want: []string{"2026/551"}},
		{text: "offerte 26-0031", want: []string{"26-0031"}},
		{text: "zamówienie nr 55/2026/A", want: []string{"55/2026/A"}},
	}

	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got []string
			for _, r := range ask(t, a, tt.text, analysis.Desk{}).References {
				got = append(got, r.Value)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got the references %q, want %q", got, tt.want)
			}
		})
	}
}

// In each sentence of this file, all references are found and nothing else.
func TestReferencesAreFound(t *testing.T) {
	const minSentences = 150 // less means that the file was cut, or has another form
	a := New()
	sentences := readMarkedSentences(t, "testdata/references.txt")
	if len(sentences) < minSentences {
		t.Errorf("got %d sentences, want at least %d", len(sentences), minSentences)
	}

	for _, s := range sentences {
		var got []evaluation.Reference
		for _, r := range ask(t, a, s.text, analysis.Desk{}).References {
			got = append(got, evaluation.Reference{Kind: r.Kind, Value: r.Value})
		}
		if !slices.Equal(got, s.references) {
			t.Errorf("%q: got the references %+v, want %+v", s.text, got, s.references)
		}
	}
}

// askAfter analyses a message that follows another one, and returns the first reference. The reference is empty if
// there is none.
func askAfter(t *testing.T, before, text string) analysis.Reference {
	t.Helper()
	q := analysis.Question{Burst: []analysis.Message{{Text: text}}, Before: []analysis.Message{{Text: before}}}
	answer, err := New().Analyze(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.References) == 0 {
		return analysis.Reference{}
	}
	return answer.References[0]
}

// A number without a word such as "order" is a reference if the message before asks for it.
func TestNumberThatWasAskedFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		language  string
		asked     string
		text      string
		wantKind  string
		wantValue string
	}{
		{
			language:  "English",
			asked:     "What's your order number?",
			text:      "its 0098163, under my wifes name",
			wantKind:  "order",
			wantValue: "0098163",
		},
		{
			language:  "German",
			asked:     "Welche Nummer steht denn auf unserem Angebot?",
			text:      "0442/26-C steht oben rechts",
			wantKind:  "quote",
			wantValue: "0442/26-C",
		},
		{
			language:  "French",
			asked:     "Pouvez-vous me donner le numéro de la commande ?",
			text:      "oui alors le 556 012",
			wantKind:  "order",
			wantValue: "556 012",
		},
		{
			language:  "Italian",
			asked:     "Mi serve il numero dell'ordine.",
			text:      "credo sia #A-90 221",
			wantKind:  "order",
			wantValue: "A-90 221",
		},
		{
			language:  "Polish",
			asked:     "Poproszę numer paczki.",
			text:      "6200 1784 7730 0091 wg smsa",
			wantKind:  "shipment",
			wantValue: "6200 1784 7730 0091",
		},
	}

	for _, tt := range tests {
		t.Run(tt.language, func(t *testing.T) {
			t.Parallel()
			got := askAfter(t, tt.asked, tt.text)
			if got.Kind != tt.wantKind {
				t.Errorf("got the kind %q, want %q", got.Kind, tt.wantKind)
			}
			if got.Value != tt.wantValue {
				t.Errorf("got the number %q, want %q", got.Value, tt.wantValue)
			}
		})
	}
}

func TestNumberThatIsNoAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		asked string
		text  string
	}{
		{name: "a phone number", asked: "What's your order number?", text: "I only have my phone here, 07700900123"},
		{name: "what is counted, and a year", asked: "What's your order number?", text: "We were 1200 people, in 2026."},
		{name: "nothing was asked for", asked: "Your order 4711 left us on Monday.", text: "There were 1250 of us at the fair."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := askAfter(t, tt.asked, tt.text); got != (analysis.Reference{}) {
				t.Errorf("got the reference %+v, want none", got)
			}
		})
	}
}
