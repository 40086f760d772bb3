package verb

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/shape"
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
		"fyi he called twice", "FYI: he called", "hint: he lies", "Heads-up: he calls again", "private: hm", "Confidential - hm",
		"<@UANN> internal: hm", "@ann internal: hm", "intern: nicht erstatten", "Notiz - Vorsicht", "Zur Info: er hat angerufen",
		"en interne : ne pas rembourser", "Privé: hm", "Prive\u0301: hm", "pour info hm", "nota: no devolver", "interno - hm",
		"Observação: hm", "appunto: hm", "per info: hm", "Notitie: hm", "ter info hm", "Notatka: hm", "Wewnętrzne: hm",
		"Anteckning: hm", "för kännedom: hm", "Notat: hm", "til orientering hm", "🔒 internal: don't refund", "ℹ️ internal: hm",
		"‼️ Intern: hm", "⚠️ Internal - hm", "▪ Notiz: hm", "→ intern: hm", "- 📝 note: hm", "· note: hm", ":lock2: internal: hm",
		"🙂 FYI he called", "Poznámka: hm", "poznamka - hm", "interně: hm", "Not: iade etmeyin", "İç not: hm", "şirket içi: hm",
		"özel: hm", "ｉｎｔｅｒｎａｌ: hm", "ＩＮＴＥＲＮＡＬ：hm", "（ｎｏｔｅ）hm", "ｆｙｉ　he called", "内部：hm", "【社内】hm", "社内:hm", "※社内メモ：hm",
		"ノート：hm", "ﾒﾓ：hm", "・メモ：hm", "ご参考：hm", "備考 hm", "备注：hm", "注：hm", "「内部」hm", "內部：hm", "備註：hm", "내부: hm", "[내부] hm",
		"메모: hm", "내부 메모: hm", "참고 - hm", "внутренняя: hm", "Σημείωση: hm", "ملاحظة: hm", "הערה: hm", "टिप्पणी: hm",
		"ntoe: hm", "noet: hm", "Nite: hm", "nots : hm", "- ntoe: hm", "🔒 hm", "**🔒 hm**", "Not for the customer: hm", "do not send: hm",
		"TODO: hm", "Hinweis: hm", "Staff only: hm", "(team only) hm",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkColleagues, shape.Trim(text))
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
			"Hi\nｎｏｔｅ：x", "お世話になります。\n社内：x", "您好\n（备注）x", "안녕하세요\n내부: x",
		},
		bridge.MarkCommandBelow: {
			"It left today.\n!resolve", "Hi Dana,\n!note she lies", "Hi\n> **!snooze** 2h", "Hi\n！ｒｅｓｏｌｖｅ", "Hi\n/note she lies",
		},
	} {
		for _, text := range texts {
			wantText(t, text, Parse(text, team), bridge.VerbSay, marker, shape.Trim(text))
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
		"内部文件已发送", "注意：周一休息", "メモを添付します", "ノートパソコンが届きました", "내부 확인 후 연락드리겠습니다", "참고로 배송은 무료입니다", "메모가 도착했습니다",
		"ご注文：12", "नोटों की जाँच", "您好\n注：不含税", "Ｎｏｔｅｄ！", "Date: 12 May", "Quote: 4711", "ntoe", "Todo bien, gracias",
		"Do not send it back, please", "Your account is safe 🔒", "Staff only areas stay closed",
	} {
		wantText(t, text, Parse(text, team), bridge.VerbSay, bridge.MarkNone, shape.Trim(text))
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
	table := internalTable()
	if want := 29; len(table) != want {
		t.Fatalf("got %d languages, want %d", len(table), want)
	}
	for _, l := range table {
		notes, hints := strings.Split(l.notes, ", "), strings.Split(l.hints, ", ")
		if len(notes) < 3 || len(hints) < 2 {
			t.Errorf("%s has %d words for notes and %d for hints, want at least 3 and 2", l.language, len(notes), len(hints))
		}

		for _, word := range slices.Concat(notes, hints) {
			if word == "note" {
				continue // "note:" is a note
			}
			if got := Parse(word+": x", team); got.Marker != bridge.MarkColleagues {
				t.Errorf("%s: %q got the marker %q, want %q", l.language, word+": x", got.Marker, bridge.MarkColleagues)
			}
		}
	}
}
