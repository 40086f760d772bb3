package command

import (
	"strings"
	"testing"
	"unicode/utf8"

	"parley/bridge"
)

// Whatever stands in front that nobody sees, a marked text never becomes plain.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"Hello", "note: x", "//x", "!assign <@UANN> +<@UBOB> now", "!!wow", `\!x`, "resolve", "<@UANN>, !tag a,b", "!cc a@b.test", "**note:** x", "/parley #12 take", "!snooze friday 14:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := Parse(text, team)
		if utf8.ValidString(text) && !utf8.ValidString(p.Text+p.Args.Note+p.Err) {
			t.Fatalf("%q became invalid: %+v", text, p)
		}
		bare := strings.ToLower(strings.TrimLeft(text, " \t\r\n"))
		plain := p.Verb == bridge.VerbSay && p.Marker == bridge.MarkNone
		marked := strings.HasPrefix(bare, "note:") || strings.HasPrefix(bare, "/") || strings.HasPrefix(bare, "!") && !strings.HasPrefix(bare, "!!") && !strings.HasPrefix(bare, "!！")
		if plain && marked {
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
		if p.Verb == bridge.VerbReply && p.Marker == bridge.MarkNone {
			t.Fatalf("%q replies without a marker", text)
		}
	})
}

func FuzzSlash(f *testing.F) {
	for _, s := range []string{"#12 assign <@UANN>", "mine", "find lamp", "help snooze", "assign me #12", "", "#", "#99999999999999999999 take", "take #12 #13", "reply: x", "new sms +49 171 5550100 Hello", "new a@b.test //x"} {
		f.Add("parley", s)
		f.Add("/assign", s)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		p := Slash(name, text, team)
		if p.Verb == "" || p.Verb == bridge.VerbSay || p.Explicit || p.Args.Conversation < 0 {
			t.Fatalf("%q %q = %+v", name, text, p)
		}
		if p.Verb == bridge.VerbUnknown && p.Err == "" {
			t.Fatalf("%q %q is unknown without a word", name, text)
		}
		if m := Mention(text, team); m.Verb == "" || m.Verb == bridge.VerbSay || m.Explicit && (m.Verb != bridge.VerbReply || m.Text == "") {
			t.Fatalf("mention %q = %+v", text, m)
		}
	})
}
