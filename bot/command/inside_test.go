package command

import (
	"testing"

	"parley/bot/typed"
	"parley/bridge"
)

// What begins with a word for colleagues, or has a later line that begins like a note, is
// marked so that it is asked; its text stays as it was typed.
func TestParseWordsForColleagues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"internal: do not refund twice", "INTERNAL - angry", "Note - careful", "note customer is angry", "Note, he is angry", "notes: plural", "notes: a list",
		"note that this is fine", "(note) hm", "[internal] hm", "{note} hm", "\u201cnote\u201d hm", "**internal:** hm", "> internal: hm", "- internal: hm", "1. Notes: hm", "\u00a0in\u200bternal: hm",
		"Notes are attached", "fyi he called twice", "FYI: he called", "hint: he lies", "Heads-up: he calls again", "private: hm", "Confidential - hm", "<@UANN> internal: hm", "@ann internal: hm",
		"intern: nicht erstatten", "Notiz - Vorsicht", "Zur Info: er hat angerufen", "Hinweis: hm", "en interne : ne pas rembourser", "Privé: hm", "Prive\u0301: hm", "pour info hm", "nota: no devolver", "interno - hm",
		"Observação: hm", "appunto: hm", "per info: hm", "Notitie: hm", "ter info hm", "Notatka: hm", "Wewnętrzne: hm", "Anteckning: hm", "för kännedom: hm", "Notat: hm", "til orientering hm",
		"🔒 internal: don't refund", "ℹ️ internal: hm", "‼️ Intern: hm", "⚠️ Internal - hm", "▪ Notiz: hm", "→ intern: hm", "- 📝 note: hm", "· note: hm", ":lock2: internal: hm", "🙂 FYI he called", "Hi\n📝 note: x", "Hi\n⚠️ // ask Ben", "Hi\n🔒 internal: x", "Hi\n▪ note: x",
		"Poznámka: hm", "poznamka - hm", "interně: hm", "Not: iade etmeyin", "İç not: hm", "şirket içi: hm", "özel: hm",
		"Hi Dana,\nnote: this is a second line", "Hi Dana,\n\n// ask Ben first", "Hi\n  Note: x", "Hi\n> note: x", "Hi\n- note: x", "Hi\n(internal) x", "Hi\nnotiz: x", "Hi\nInterne - x", "Hi\r\nnote: x",
	} {
		if got := Parse(text, team); got.Verb != bridge.VerbSay || got.Marker != bridge.MarkColleagues || got.Text != typed.Trim(text) {
			t.Errorf("%q = %s %q %q", text, got.Verb, got.Marker, got.Text)
		}
	}
	for _, text := range []string{
		"Noted, thanks!", "Notebook arrived", "Internet is back", "International shipping: yes", "Not sure yet", "Not-so-good news: it is sold out", "Not a problem!", "Internals are fine", "Hinted at it", "Tips for cleaning follow", "Tip top!", "Appunto, grazie",
		"For information on sizes, see below", "Özel kampanya başladı", "Please note: closed on Monday", "A note: hm", "Notre magasin ferme", "Notiere ich gern", "Privatkunden zahlen nichts", "Maria, thanks", "1. First\n2. Second",
		"🙂 Noted, thanks!", "🙂 Not a problem!", "Hi\n🙂 Notes are attached", "Hi\n🎉", "Hi\nNotes are attached", "Hi\nFYI: we close on Monday", "Hi\nnot this one", "Hi\nsee https://shop.example//x", "Hi\nHinweis: montags zu",
	} {
		if got := Parse(text, team); got.Verb != bridge.VerbSay || got.Marker != bridge.MarkNone || got.Text != typed.Trim(text) {
			t.Errorf("%q = %s %q %q", text, got.Verb, got.Marker, got.Text)
		}
	}
}

// An escape at the beginning is for the beginning alone.
func TestEscapedWordsForColleagues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Parsed{
		`\internal: we close`:          {Verb: bridge.VerbSay, Text: "internal: we close"},
		"\\internal: hm\nnote: hm":     {Verb: bridge.VerbSay, Text: "internal: hm\nnote: hm", Marker: bridge.MarkColleagues},
		"!!Wow\n// ask Ben":            {Verb: bridge.VerbSay, Text: "!Wow\n// ask Ben", Marker: bridge.MarkColleagues},
		"!reply internal: we close":    {Verb: bridge.VerbReply, Text: "internal: we close", Explicit: true},
		`\server\share` + "\nnote: hm": {Verb: bridge.VerbSay, Text: `\server\share` + "\nnote: hm", Marker: bridge.MarkColleagues},
	} {
		if got := Parse(text, team); got.Verb != want.Verb || got.Marker != want.Marker || got.Text != want.Text || got.Explicit != want.Explicit {
			t.Errorf("%q = %+v, want %+v", text, got, want)
		}
	}
}

// Each language has its words, and every one of them is asked where it stands apart.
func TestWordsForColleaguesOfAllLanguages(t *testing.T) {
	t.Parallel()
	table := insideTable()
	if len(table) != 12 {
		t.Fatalf("%d languages", len(table))
	}
	for _, l := range table {
		if len(l.notes) < 3 || len(l.hints) < 2 {
			t.Errorf("%s has too few words", l.language)
		}
		for _, word := range append(append([]string{}, l.notes...), l.hints...) {
			if word == "note" {
				continue // "note:" is a note
			}
			if got := Parse(word+": x", team); got.Marker != bridge.MarkColleagues {
				t.Errorf("%s: %q has the marker %q", l.language, word, got.Marker)
			}
		}
	}
}
