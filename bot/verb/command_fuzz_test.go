package verb

import (
	"strings"
	"testing"
	"unicode/utf8"

	"parley/bridge"
)

// A text that begins with a marker is never sent as plain text, even if invisible characters or mentions come before
// the marker.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"Hello", "note: x", "//x", "!assign <@UANN> +<@UBOB> now", "!!wow", `\!x`, "resolve", "<@UANN>, !tag a,b", "!cc a@b.test", "**note:** x",
		"/parley #12 take", "!snooze friday 14:00",
	} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, text string) {
		p := Parse(text, team)
		if utf8.ValidString(text) && !utf8.ValidString(p.Text+p.Args.Note+p.Err) {
			t.Fatalf("%q became invalid: %+v", text, p)
		}

		isPlain := p.Verb == bridge.VerbSay && p.Marker == bridge.MarkNone
		if isPlain && beginsWithMarker(text) {
			t.Fatalf("%q would be sent as %q", text, p.Text)
		}
		if p.Verb == bridge.VerbUnknown && (p.Err == "" || p.Marker == bridge.MarkNone) {
			t.Fatalf("%q is unknown without a word: %+v", text, p)
		}

		for _, front := range []string{" ", "\u00a0", "\u200b", "<@UANN> ", "<@UBOT>", "\n> "} {
			if strings.ContainsAny(front, "@") && strings.IndexAny(text[ignorableLength(text):], ",:;") == 0 {
				continue // belongs to the mention
			}
			q := Parse(front+text, team)
			if (q.Marker == bridge.MarkNone) != (p.Marker == bridge.MarkNone) || q.Verb != p.Verb {
				t.Fatalf("%q is %s %q, with %q in front %s %q", text, p.Verb, p.Marker, front, q.Verb, q.Marker)
			}
		}

		if p.Verb == bridge.VerbReply && p.Text != "" && !p.Explicit {
			t.Fatalf("%q replies without saying so", text)
		}
	})
}

// beginsWithMarker reports whether a text certainly begins with a marker.
func beginsWithMarker(text string) bool {
	bare := strings.ToLower(strings.TrimLeft(text, " \t\r\n"))
	isEscaped := strings.HasPrefix(bare, "!!") || strings.HasPrefix(bare, "!！")
	return strings.HasPrefix(bare, "note:") || strings.HasPrefix(bare, "/") || strings.HasPrefix(bare, "!") && !isEscaped
}

// A slash command is never a text for the customer. A mention is one only if it says "reply".
func FuzzSlash(f *testing.F) {
	for _, s := range []string{
		"#12 assign <@UANN>", "mine", "find lamp", "help snooze", "assign me #12", "", "#", "#99999999999999999999 take", "take #12 #13",
		"reply: x", "new sms +49 171 5550100 Hello", "new a@b.test //x",
	} {
		f.Add("parley", s)
		f.Add("/assign", s)
	}

	f.Fuzz(func(t *testing.T, name, text string) {
		p := Slash(name, text, team)
		if p.Verb == "" || p.Verb == bridge.VerbSay || p.Explicit {
			t.Fatalf("%q %q would be sent: %+v", name, text, p)
		}
		if p.Args.Conversation < 0 {
			t.Fatalf("%q %q is about conversation %d", name, text, p.Args.Conversation)
		}
		if p.Verb == bridge.VerbUnknown && p.Err == "" {
			t.Fatalf("%q %q is unknown without a word", name, text)
		}

		m := Mention(text, team)
		if m.Verb == "" || m.Verb == bridge.VerbSay {
			t.Fatalf("the mention %q would be sent: %+v", text, m)
		}
		if m.Explicit && (m.Verb != bridge.VerbReply || m.Text == "") {
			t.Fatalf("the mention %q would be sent without a reply: %+v", text, m)
		}
	})
}
