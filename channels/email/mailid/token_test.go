package mailid

import (
	"strings"
	"testing"

	"parley/channels/budget"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	key, old := tokenKeys[0], tokenKeys[1]
	id := Message(key, 12, 34, "acme.test")
	if !strings.HasPrefix(id, "c12.m34.") || !strings.HasSuffix(id, "@acme.test") || len(id) != len("c12.m34.01234567@acme.test") {
		t.Fatalf("shape of %q", id)
	}
	anchor := Anchor(key, 12, "acme.test")
	tests := []struct {
		name, id  string
		conv, msg int64
		ok        bool
	}{
		{"message", id, 12, 34, true},
		{"brackets", " <" + id + "> ", 12, 34, true},
		{"upper case", strings.ToUpper(id[8:16]) + id[16:], 0, 0, false},
		{"upper hex", id[:8] + strings.ToUpper(id[8:16]) + id[16:], 12, 34, true},
		{"older key", Message(old, 5, 6, "acme.test"), 5, 6, true},
		{"any domain", strings.Replace(id, "acme.test", "else.test", 1), 12, 34, true},
		{"no domain", strings.TrimSuffix(id, "@acme.test"), 12, 34, true},
		{"anchor", anchor, 12, 0, true},
		{"other message", strings.Replace(id, "m34", "m35", 1), 0, 0, false},
		{"other conversation", strings.Replace(anchor, "c12", "c13", 1), 0, 0, false},
		{"message cut to anchor", "c12." + id[8:], 0, 0, false},
		{"unknown key", Message([]byte("x"), 12, 34, "acme.test"), 0, 0, false},
		{"zero", "c0.m0.00000000@acme.test", 0, 0, false},
		{"too long a number", "c99999999999999999999.00000000@acme.test", 0, 0, false},
		{"text before", "x" + id, 0, 0, false},
		{"empty", "", 0, 0, false},
	}
	for _, tt := range tests {
		conv, msg, ok := Parse(tokenKeys, tt.id)
		if conv != tt.conv || msg != tt.msg || ok != tt.ok {
			t.Errorf("%s: parseToken(%q) = %d, %d, %v", tt.name, tt.id, conv, msg, ok)
		}
	}
	if _, _, ok := Parse([][]byte{nil, {}}, Message(nil, 1, 2, "x")); ok {
		t.Error("an empty key verified a token")
	}
	if got := Scan(tokenKeys, []byte("<"+id+"><"+anchor+"> "+id+" x"+id)); len(got) != 2 || got[0] != (Token{12, 34}) || got[1] != (Token{12, 0}) {
		t.Errorf("scanTokens = %v", got)
	}
	tag, _, _ := strings.Cut(anchor, "@")
	if c, _, ok := InAddress(tokenKeys, "support+"+tag+"@acme.test"); c != 12 || !ok {
		t.Errorf("plusToken = %d, %v", c, ok)
	}
	if _, _, ok := InAddress(tokenKeys, tag+"@acme.test"); ok {
		t.Error("a token without a plus sign counted")
	}
}

func TestFactID(t *testing.T) {
	t.Parallel()
	mail := func(id, encoding, body string) []byte {
		return []byte("Message-ID: <" + id + ">\r\nFrom: a@b.test\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\nSubject: x\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body)
	}
	first := Fact(mail("1@x", "7bit", "hello, world\r\n"))
	if !strings.HasPrefix(first, "mail:") || len(first) != 37 {
		t.Fatalf("shape of %q", first)
	}
	if got := Fact(mail("1@x", "base64", "aGVsbG8sCndvcmxk")); got != first {
		t.Error("a server that encodes anew made another mail of it")
	}
	if Fact(mail("1@x", "7bit", "other")) == first {
		t.Error("the same id with another text is another mail")
	}
	if Fact(mail("2@x", "7bit", "hello, world")) == first {
		t.Error("another id is another mail")
	}
	if Fact([]byte("\r\na")) == Fact([]byte("\r\nb")) {
		t.Error("mails without an id are known by their bytes")
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
				t.Fatalf("%q counted as %d, %d", text, c, m)
			}
		}
		for _, tok := range Scan(tokenKeys, []byte(text)) {
			if tok.Conversation <= 0 {
				t.Fatalf("%q holds %v", text, tok)
			}
		}
		if conv < 1 || msg < 1 || conv > 1e17 || msg > 1e17 {
			return
		}
		if c, m, ok := Parse(tokenKeys, Message(tokenKeys[1], conv, msg, "acme.test")); !ok || c != conv || m != msg {
			t.Fatalf("our own token gave %d, %d, %v", c, m, ok)
		}
	})
}

// tokenKeys make and verify the tokens of these tests.
var tokenKeys = [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("an older key, which still verifies")}
