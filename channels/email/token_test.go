package email

import (
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	key, old := decodeKeys[0], decodeKeys[1]
	id := messageID(key, 12, 34, "acme.test")
	if !strings.HasPrefix(id, "c12.m34.") || !strings.HasSuffix(id, "@acme.test") || len(id) != len("c12.m34.01234567@acme.test") {
		t.Fatalf("shape of %q", id)
	}
	anchor := anchorID(key, 12, "acme.test")
	tests := []struct {
		name, id  string
		conv, msg int64
		ok        bool
	}{
		{"message", id, 12, 34, true},
		{"brackets", " <" + id + "> ", 12, 34, true},
		{"upper case", strings.ToUpper(id[8:16]) + id[16:], 0, 0, false},
		{"upper hex", id[:8] + strings.ToUpper(id[8:16]) + id[16:], 12, 34, true},
		{"older key", messageID(old, 5, 6, "acme.test"), 5, 6, true},
		{"any domain", strings.Replace(id, "acme.test", "else.test", 1), 12, 34, true},
		{"no domain", strings.TrimSuffix(id, "@acme.test"), 12, 34, true},
		{"anchor", anchor, 12, 0, true},
		{"other message", strings.Replace(id, "m34", "m35", 1), 0, 0, false},
		{"other conversation", strings.Replace(anchor, "c12", "c13", 1), 0, 0, false},
		{"message cut to anchor", "c12." + id[8:], 0, 0, false},
		{"unknown key", messageID([]byte("x"), 12, 34, "acme.test"), 0, 0, false},
		{"zero", "c0.m0.00000000@acme.test", 0, 0, false},
		{"too long a number", "c99999999999999999999.00000000@acme.test", 0, 0, false},
		{"text before", "x" + id, 0, 0, false},
		{"empty", "", 0, 0, false},
	}
	for _, tt := range tests {
		conv, msg, ok := parseToken(decodeKeys, tt.id)
		if conv != tt.conv || msg != tt.msg || ok != tt.ok {
			t.Errorf("%s: parseToken(%q) = %d, %d, %v", tt.name, tt.id, conv, msg, ok)
		}
	}
	if _, _, ok := parseToken([][]byte{nil, {}}, messageID(nil, 1, 2, "x")); ok {
		t.Error("an empty key verified a token")
	}
	if got := scanTokens(decodeKeys, []byte("<"+id+"><"+anchor+"> "+id+" x"+id)); len(got) != 2 || got[0] != (token{12, 34}) || got[1] != (token{12, 0}) {
		t.Errorf("scanTokens = %v", got)
	}
	tag, _, _ := strings.Cut(anchor, "@")
	if c, _, ok := plusToken(decodeKeys, "support+"+tag+"@acme.test"); c != 12 || !ok {
		t.Errorf("plusToken = %d, %v", c, ok)
	}
	if _, _, ok := plusToken(decodeKeys, tag+"@acme.test"); ok {
		t.Error("a token without a plus sign counted")
	}
}

func TestFactID(t *testing.T) {
	t.Parallel()
	mail := func(id, encoding, body string) []byte {
		return []byte("Message-ID: <" + id + ">\r\nFrom: a@b.test\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\nSubject: x\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body)
	}
	first := factID(mail("1@x", "7bit", "hello, world\r\n"))
	if !strings.HasPrefix(first, "mail:") || len(first) != 37 {
		t.Fatalf("shape of %q", first)
	}
	if got := factID(mail("1@x", "base64", "aGVsbG8sCndvcmxk")); got != first {
		t.Error("a server that encodes anew made another mail of it")
	}
	if factID(mail("1@x", "7bit", "other")) == first {
		t.Error("the same id with another text is another mail")
	}
	if factID(mail("2@x", "7bit", "hello, world")) == first {
		t.Error("another id is another mail")
	}
	if factID([]byte("\r\na")) == factID([]byte("\r\nb")) {
		t.Error("mails without an id are known by their bytes")
	}
}
