package message

import (
	"strings"
	"testing"

	"parley/channels/golden"
)

// testKeys make and verify the tokens of these tests. The first key makes new tokens.
func testKeys() [][]byte {
	return [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("an older key, which still verifies")}
}

// messageID and anchorID are tokens by the first key, of conversation 12, and of message 34 in it.
func mailidMessageID() string { return Message(testKeys()[0], 12, 34, "acme.test") }
func mailidAnchorID() string  { return Anchor(testKeys()[0], 12, "acme.test") }

// Parse reads a token back from an id. The token may be by any of our keys, and servers may have changed the id, for
// example to capitals.
func TestParse(t *testing.T) {
	t.Parallel()
	id := mailidMessageID()
	signature := id[len("c12.m34."):len("c12.m34.01234567")]
	tests := []struct {
		name string
		id   string
		want Token
	}{
		{name: "message", id: id, want: Token{Conversation: 12, Message: 34}},
		{name: "anchor", id: mailidAnchorID(), want: Token{Conversation: 12}},
		{name: "in brackets", id: " <" + id + "> ", want: Token{Conversation: 12, Message: 34}},
		{
			name: "hex digits in capitals",
			id:   strings.Replace(id, signature, strings.ToUpper(signature), 1),
			want: Token{Conversation: 12, Message: 34},
		},
		{name: "by an older key", id: Message(testKeys()[1], 5, 6, "acme.test"), want: Token{Conversation: 5, Message: 6}},
		{name: "another domain", id: strings.Replace(id, "acme.test", "else.test", 1), want: Token{Conversation: 12, Message: 34}},
		{name: "no domain", id: strings.TrimSuffix(id, "@acme.test"), want: Token{Conversation: 12, Message: 34}},
	}

	for _, tt := range tests {
		got, ok := Parse(testKeys(), tt.id)
		if !ok {
			t.Errorf("%s: Parse(%q) finds no token, want %+v", tt.name, tt.id, tt.want)
			continue
		}
		if got != tt.want {
			t.Errorf("%s: Parse(%q) = %+v, want %+v", tt.name, tt.id, got, tt.want)
		}
	}
}

// A token that wasn't made with one of our keys is rejected.
func TestParseForeignIDs(t *testing.T) {
	t.Parallel()
	id := mailidMessageID()
	signature := id[len("c12.m34."):len("c12.m34.01234567")]
	tests := []struct {
		name string
		id   string
	}{
		{name: "another message", id: strings.Replace(id, "m34", "m35", 1)},
		{name: "another conversation", id: strings.Replace(mailidAnchorID(), "c12", "c13", 1)},
		{name: "a message's signature as an anchor's", id: strings.Replace(id, "m34.", "", 1)},
		{name: "an unknown key", id: Message([]byte("x"), 12, 34, "acme.test")},
		{name: "the signature alone, in capitals", id: strings.ToUpper(signature) + "@acme.test"},
		{name: "numbers of zero", id: "c0.m0.00000000@acme.test"},
		{name: "too large a number", id: "c99999999999999999999.00000000@acme.test"},
		{name: "text before it", id: "x" + id},
		{name: "empty", id: ""},
	}

	for _, tt := range tests {
		got, ok := Parse(testKeys(), tt.id)
		if ok {
			t.Errorf("%s: Parse(%q) = %+v, want none", tt.name, tt.id, got)
		}
		if got != (Token{}) {
			t.Errorf("%s: Parse(%q) returns %+v beside false, want nothing", tt.name, tt.id, got)
		}
	}
}

func TestEmptyKeysVerifyNothing(t *testing.T) {
	t.Parallel()
	if _, ok := Parse([][]byte{nil, {}}, Message(nil, 1, 2, "x")); ok {
		t.Error("Parse with empty keys verified a token that an empty key made")
	}
}

// A token in an address counts only if it follows a plus sign.
func TestInAddress(t *testing.T) {
	t.Parallel()
	tag, _, _ := strings.Cut(mailidAnchorID(), "@")
	token, ok := InAddress(testKeys(), "support+"+tag+"@acme.test")
	if !ok {
		t.Error("a token behind a plus sign was not found")
	}
	if token.Conversation != 12 {
		t.Errorf("token behind a plus sign: got conversation %d, want 12", token.Conversation)
	}
	if _, ok := InAddress(testKeys(), tag+"@acme.test"); ok {
		t.Error("a token without a plus sign counted")
	}
}

// isOurs reports whether one of our keys made the token in a text, by making that token again.
func isOurs(text string, conversation, message int64) bool {
	for _, key := range testKeys() {
		id := Message(key, conversation, message, "")
		if message == 0 {
			id = Anchor(key, conversation, "")
		}
		if strings.Contains(strings.ToLower(text), strings.TrimSuffix(id, "@")) {
			return true
		}
	}
	return false
}

// Only a token that one of our keys made is accepted, and each such token is read back.
func FuzzToken(f *testing.F) {
	f.Add(int64(12), int64(34), "c12.m34.01234567@acme.test")
	f.Add(int64(1), int64(0), "<c1.ffffffff>")
	for _, s := range append(golden.Seeds(), "c1.", "c1.00000000 ", "c1.m1.00000000 ") {
		f.Add(int64(1), int64(1), s)
	}
	keys := testKeys()
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, conversation, message int64, text string) {
		golden.CheckRepeated(t, m, text, func(s string) { Scan(keys, []byte(s)) })
		if token, ok := Parse(keys, text); ok && !isOurs(text, token.Conversation, token.Message) {
			t.Fatalf("Parse(%q) = %+v, want none: no key of ours made it", text, token)
		}

		for _, token := range Scan(keys, []byte(text)) {
			if token.Conversation <= 0 {
				t.Fatalf("Scan(%q) found %+v, want conversations from 1 on", text, token)
			}
		}

		const most = 1e17 // beyond it a number has too many digits for a token
		if conversation < 1 || message < 1 || conversation > most || message > most {
			return
		}
		token, ok := Parse(keys, Message(keys[1], conversation, message, "acme.test"))
		if !ok {
			t.Fatalf("our own token of %d and %d was not read back", conversation, message)
		}
		if want := (Token{Conversation: conversation, Message: message}); token != want {
			t.Fatalf("our own token: got %+v, want %+v", token, want)
		}
	})
}
