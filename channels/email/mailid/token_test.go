package mailid

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/channels/budget"
)

// A token is read back from an id, whichever of our keys made it and whatever servers made of it; nothing else counts.
func TestTokens(t *testing.T) {
	t.Parallel()
	key, old := tokenKeys[0], tokenKeys[1]
	id := Message(key, 12, 34, "acme.test")
	if !regexp.MustCompile(`^c12\.m34\.[0-9a-f]{8}@acme\.test$`).MatchString(id) {
		t.Fatalf("got the id %q, want one like c12.m34.01234567@acme.test", id)
	}
	anchor := Anchor(key, 12, "acme.test")
	tests := []struct {
		name, id string
		want     Token // zero: it is none of ours
	}{
		{name: "message", id: id, want: Token{Conversation: 12, Message: 34}},
		{name: "brackets", id: " <" + id + "> ", want: Token{Conversation: 12, Message: 34}},
		{name: "upper case", id: strings.ToUpper(id[8:16]) + id[16:]},
		{name: "upper hex", id: id[:8] + strings.ToUpper(id[8:16]) + id[16:], want: Token{Conversation: 12, Message: 34}},
		{name: "older key", id: Message(old, 5, 6, "acme.test"), want: Token{Conversation: 5, Message: 6}},
		{name: "any domain", id: strings.Replace(id, "acme.test", "else.test", 1), want: Token{Conversation: 12, Message: 34}},
		{name: "no domain", id: strings.TrimSuffix(id, "@acme.test"), want: Token{Conversation: 12, Message: 34}},
		{name: "anchor", id: anchor, want: Token{Conversation: 12}},
		{name: "other message", id: strings.Replace(id, "m34", "m35", 1)},
		{name: "other conversation", id: strings.Replace(anchor, "c12", "c13", 1)},
		{name: "message cut to anchor", id: "c12." + id[8:]},
		{name: "unknown key", id: Message([]byte("x"), 12, 34, "acme.test")},
		{name: "zero", id: "c0.m0.00000000@acme.test"},
		{name: "too long a number", id: "c99999999999999999999.00000000@acme.test"},
		{name: "text before", id: "x" + id},
		{name: "empty", id: ""},
	}
	for _, tt := range tests {
		conversation, message, ok := Parse(tokenKeys, tt.id)
		if got := (Token{Conversation: conversation, Message: message}); got != tt.want || ok != (tt.want != Token{}) {
			t.Errorf("%s: Parse(%q) = %+v, %v; want %+v", tt.name, tt.id, got, ok, tt.want)
		}
	}
	if _, _, ok := Parse([][]byte{nil, {}}, Message(nil, 1, 2, "x")); ok {
		t.Error("an empty key verified a token")
	}
}

// Tokens are found in a text, each once, and in an address behind its plus sign.
func TestTokensInTexts(t *testing.T) {
	t.Parallel()
	id, anchor := Message(tokenKeys[0], 12, 34, "acme.test"), Anchor(tokenKeys[0], 12, "acme.test")
	want := []Token{{Conversation: 12, Message: 34}, {Conversation: 12}}
	if got := Scan(tokenKeys, []byte("<"+id+"><"+anchor+"> "+id+" x"+id)); !slices.Equal(got, want) {
		t.Errorf("Scan found %+v, want %+v", got, want)
	}
	tag, _, _ := strings.Cut(anchor, "@")
	if c, _, ok := InAddress(tokenKeys, "support+"+tag+"@acme.test"); c != 12 || !ok {
		t.Errorf("InAddress found conversation %d, %v; want 12", c, ok)
	}
	if _, _, ok := InAddress(tokenKeys, tag+"@acme.test"); ok {
		t.Error("a token without a plus sign counted")
	}
}

// The id of a mail's fact is that of what it says, not of how it is encoded.
func TestFactID(t *testing.T) {
	t.Parallel()
	mail := func(id, encoding, body string) []byte {
		return []byte("Message-ID: <" + id + ">\r\nFrom: a@b.test\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\nSubject: x\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body)
	}
	first := Fact(mail("1@x", "7bit", "hello, world\r\n"))
	if !regexp.MustCompile(`^mail:[0-9a-f]{32}$`).MatchString(first) {
		t.Fatalf("got the id %q, want mail: and 32 hex digits", first)
	}
	if got := Fact(mail("1@x", "base64", "aGVsbG8sCndvcmxk")); got != first {
		t.Errorf("encoded anew the mail has the id %s, want %s", got, first)
	}
	if Fact(mail("1@x", "7bit", "other")) == first {
		t.Error("a mail with another text has the same id")
	}
	if Fact(mail("2@x", "7bit", "hello, world")) == first {
		t.Error("a mail with another Message-ID has the same id")
	}
	if Fact([]byte("\r\na")) == Fact([]byte("\r\nb")) {
		t.Error("two mails without a Message-ID have the same id, want that of their bytes")
	}
}

// FuzzToken: only what a key of ours made is a token.
func FuzzToken(f *testing.F) {
	f.Add(int64(12), int64(34), "c12.m34.01234567@acme.test")
	f.Add(int64(1), int64(0), "<c1.ffffffff>")
	for _, s := range append(budget.Seeds(), "c1.", "c1.00000000 ", "c1.m1.00000000 ") {
		f.Add(int64(1), int64(1), s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, conv, msg int64, text string) {
		budget.CheckRepeated(t, m, text, func(s string) { Scan(tokenKeys, []byte(s)) })
		if c, m, ok := Parse(tokenKeys, text); ok {
			made := false
			for _, key := range tokenKeys {
				id := Message(key, c, m, "")
				if m == 0 {
					id = Anchor(key, c, "")
				}
				made = made || strings.Contains(strings.ToLower(text), strings.TrimSuffix(id, "@"))
			}
			if !made {
				t.Fatalf("%q counted as a token of conversation %d and message %d, which no key of ours made", text, c, m)
			}
		}
		for _, tok := range Scan(tokenKeys, []byte(text)) {
			if tok.Conversation <= 0 {
				t.Fatalf("Scan found %+v in %q, want conversations from 1 on", tok, text)
			}
		}
		if conv < 1 || msg < 1 || conv > 1e17 || msg > 1e17 {
			return
		}
		if c, m, ok := Parse(tokenKeys, Message(tokenKeys[1], conv, msg, "acme.test")); !ok || c != conv || m != msg {
			t.Fatalf("our own token gave %d, %d, %v; want %d, %d", c, m, ok, conv, msg)
		}
	})
}

// tokenKeys make and verify the tokens of these tests.
var tokenKeys = [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("an older key, which still verifies")}
