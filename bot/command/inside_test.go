package command

import (
	"strings"
	"testing"

	"parley/bot/typed"
	"parley/bridge"
)

// A text that begins with a word for colleagues, such as "internal:", in any of our languages, is marked so that its
// author is asked. The text itself stays as it was typed.
func TestParseWordsForColleagues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"internal: do not refund twice", "INTERNAL - angry", "Note - careful", "note customer is angry", "Note, he is angry",
		"notes: plural", "notes: a list", "note that this is fine", "(note) hm", "[internal] hm", "{note} hm", "\u201cnote\u201d hm",
		"**internal:** hm", "> internal: hm", "- internal: hm", "1. Notes: hm", "\u00a0in\u200bternal: hm", "Notes are attached",
		"fyi he called twice", "FYI: he called", "private: hm", "Confidential - hm",
		"<@UANN> internal: hm", "@ann internal: hm", "intern: nicht erstatten", "Notiz - Vorsicht",
		"en interne : ne pas rembourser", "Privé: hm", "Prive\u0301: hm", "nota: no devolver", "interno - hm",
		"Observação: hm", "Notitie: hm", "Notatka: hm", "Wewnętrzne: hm",
		"Anteckning: hm", "Notat: hm", "🔒 internal: don't refund", "ℹ️ internal: hm",
		"‼️ Intern: hm", "⚠️ Internal - hm", "▪ Notiz: hm", "→ intern: hm", "- 📝 note: hm", "· note: hm", ":lock2: internal: hm",
		"🙂 FYI he called", "Poznámka: hm", "poznamka - hm", "interně: hm", "İç not: hm", "şirket içi: hm",
		"ｉｎｔｅｒｎａｌ: hm", "ＩＮＴＥＲＮＡＬ：hm", "（ｎｏｔｅ）hm", "ｆｙｉ　he called",

		"ntoe: hm", "noet: hm", "Nite: hm", "nots : hm", "- ntoe: hm", "🔒 hm", "**🔒 hm**", "Not for the customer: hm",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkColleagues, typed.Trim(text))
	}
}

// A text of which a later line begins like a note, or with a command, is marked, too.
func TestParseLaterLinesForColleagues(t *testing.T) {
	t.Parallel()
	for marker, texts := range map[bridge.Marker][]string{
		bridge.MarkNoteBelow: {
			"Hi\n📝 note: x", "Hi\n⚠️ // ask Ben", "Hi\n🔒 internal: x", "Hi\n▪ note: x",
			"Hi Dana,\nnote: this is a second line", "Hi Dana,\n\n// ask Ben first", "Hi\n  Note: x", "Hi\n> note: x", "Hi\n- note: x",
			"Hi\n(internal) x", "Hi\nnotiz: x", "Hi\nInterne - x", "Hi\r\nnote: x",
			"Hi\nｎｏｔｅ：x",
		},
		bridge.MarkCommandBelow: {
			"It left today.\n!resolve", "Hi Dana,\n!note she lies", "Hi\n> **!snooze** 2h", "Hi\n！ｒｅｓｏｌｖｅ", "Hi\n/note she lies",
		},
	} {
		for _, text := range texts {
			wantText(t, text, Parse(text, team), bridge.VerbSay, marker, typed.Trim(text))
		}
	}
}

// Words that only look like those for colleagues are for the customer.
func TestParseWordsForCustomers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Noted, thanks!", "Notebook arrived", "Internet is back", "International shipping: yes", "Not sure yet",
		"Not-so-good news: it is sold out", "Not a problem!", "Internals are fine", "Hinted at it", "Tips for cleaning follow",
		"Tip top!", "Appunto, grazie", "For information on sizes, see below", "Özel kampanya başladı", "Please note: closed on Monday",
		"A note: hm", "Notre magasin ferme", "Notiere ich gern", "Privatkunden zahlen nichts", "Maria, thanks", "1. First\n2. Second",
		"🙂 Noted, thanks!", "🙂 Not a problem!", "Hi\n🙂 Notes are attached", "Hi\n🎉", "See\n/tag/red", "Hi\nNotes are attached",
		"Hi\nFYI: we close on Monday", "Hi\nnot this one", "Hi\nsee https://shop.example//x", "Hi\nHinweis: montags zu", "Note10 phones are back",
		"注意：周一休息",
		"ご注文：12", "Ｎｏｔｅｄ！", "Date: 12 May", "Quote: 4711", "ntoe", "Todo bien, gracias",
		"Do not send it back, please", "Your account is safe 🔒", "Staff only areas stay closed",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkNone, typed.Trim(text))
	}
}

// An escape at the beginning counts only for the first line. Later lines may still be for colleagues.
func TestEscapedWordsForColleagues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed string
		want  Parsed
	}{
		{typed: `\internal: we close`, want: Parsed{Verb: bridge.VerbSay, Text: "internal: we close"}},
		{typed: "\\internal: hm\nnote: hm", want: Parsed{Verb: bridge.VerbSay, Text: "internal: hm\nnote: hm", Marker: bridge.MarkNoteBelow}},
		{typed: "!!Wow\n!resolve", want: Parsed{Verb: bridge.VerbSay, Text: "!Wow\n!resolve", Marker: bridge.MarkCommandBelow}},
		{typed: "!!Wow\n// ask Ben", want: Parsed{Verb: bridge.VerbSay, Text: "!Wow\n// ask Ben", Marker: bridge.MarkNoteBelow}},
		{
			typed: "!reply It left today.\nnote: she lies",
			want:  Parsed{Verb: bridge.VerbReply, Text: "It left today.\nnote: she lies", Marker: bridge.MarkNoteBelow, Explicit: true},
		},
		{
			typed: "!reply It left today.\n!resolve",
			want:  Parsed{Verb: bridge.VerbReply, Text: "It left today.\n!resolve", Marker: bridge.MarkCommandBelow, Explicit: true},
		},
		{typed: "!reply internal: we close", want: Parsed{Verb: bridge.VerbReply, Text: "internal: we close", Explicit: true}},
		{
			typed: `\server\share` + "\nnote: hm",
			want:  Parsed{Verb: bridge.VerbSay, Text: `\server\share` + "\nnote: hm", Marker: bridge.MarkNoteBelow},
		},
	} {
		wantParsed(t, tt.typed, Parse(tt.typed, team), tt.want)
	}
	mentioned := Mention("reply: It left today.\n// she lies", team)
	wantParsed(t, "@Parley reply, with a note", mentioned,
		Parsed{Verb: bridge.VerbReply, Text: "It left today.\n// she lies", Marker: bridge.MarkNoteBelow, Explicit: true})
}

// Each language has words for colleagues. Each of these words, with a colon, marks a text that begins with it.
func TestWordsForColleaguesOfAllLanguages(t *testing.T) {
	t.Parallel()
	table := internalWords()
	if want := 12; len(table) != want {
		t.Fatalf("got %d languages, want %d", len(table), want)
	}
	for language, words := range table {
		for word := range strings.SplitSeq(words, ", ") {
			if word == "note" {
				continue // "note:" is a note
			}
			if got := Parse(word+": x", team); got.Marker != bridge.MarkColleagues {
				t.Errorf("%s: %q got the marker %q, want %q", language, word+": x", got.Marker, bridge.MarkColleagues)
			}
		}
	}
}
