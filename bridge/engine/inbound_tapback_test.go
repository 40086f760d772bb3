package engine

import "testing"

// Phones say in several languages which emoji was put on which message, or taken back.
func TestParseTapback(t *testing.T) {
	t.Parallel()
	const sent = "Yes, from **10 to 14**.\nAsk for Jo's desk"
	const seen = "Yes, from 10 to 14.\nAsk for Jo’s desk"
	tests := []struct{ text, emoji string }{
		{"Liked “" + seen + "”", "👍"},
		{`Liked "Yes, from 10 to 14. Ask for Jo's desk"`, "👍"},
		{`Liked “Yes, from 10 to 14\.\` + "\n" + `Ask for Jo’s desk”`, "👍"}, // with Markdown's escapes, as texts come from channels
		{"Loved “" + seen + "”", "❤️"},
		{"Laughed at “Yes, from 10…”", "😂"},
		{"Emphasized “" + seen + "\n\nAcme”", "‼️"},
		{"Reacted 😮 to “" + seen + "”", "😮"},
		{"\u200a\u200b👍🏽\u200b to “\u200a\u200b" + seen + "\u200a\u200b”", "👍🏽"},
		{"Gefällt mir “" + seen + "”", "👍"},
		{"Gefällt: „" + seen + "“", "👍"},
		{"„" + seen + "“ ein Herz hinzugefügt", "❤️"},
		{"Hat mit 😮 auf „Yes, from 10...“ reagiert", "😮"},
		{"A adoré « " + seen + " »", "❤️"},
		{"a attribué la mention « J’aime » à « " + seen + " »", "👍"},
		{"Le dio risa “" + seen + "”", "😂"},
		{"Vindt “" + seen + "” niet leuk", "👎"},
		{"Não curtiu “" + seen + "”", "👎"},
		{"Removed a like from “" + seen + "”", ""},
		{"„Gefällt mir“ von „" + seen + "“ entfernt", ""},
		{"A retiré 😂 de « Yes, from 10… »", ""},
	}
	for _, tt := range tests {
		got, ok := parseTapback(tt.text)
		if !ok || got.emoji != tt.emoji || !got.quotes(sent, "Acme") {
			t.Errorf("%q: got %+v, %t, want %q on the message", tt.text, got, ok, tt.emoji)
		}
	}

	for _, text := range []string{
		seen, "Liked it", "Liked “”", "Liked “" + seen + "” and the rest", "Thanks for “" + seen + "”",
		"Reacted well to “" + seen + "”", "Liked “Yes, from 10 to 15.”", "Liked “Yes, from 10”", "Liked “Yes…”", "Removed a chair from “" + seen + "”",
	} {
		if got, ok := parseTapback(text); ok && got.quotes(sent, "Acme") {
			t.Errorf("%q is %+v, want a message", text, got)
		}
	}
}
