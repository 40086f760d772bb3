package message

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/channels"
)

// decodeKeys make and verify the tokens of these tests. New tokens are made with the first one.
var decodeKeys = [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("an older key, which still verifies")}

// messageID and anchorID make ids of ours with the first key.
func messageID(conversation, message int64) string {
	return Message(decodeKeys[0], conversation, message, "acme.test")
}

func anchorID(conversation int64) string {
	return Anchor(decodeKeys[0], conversation, "acme.test")
}

// newTestDecoder makes the Decoder of the mailbox help@acme.test, which also has other addresses.
func newTestDecoder() *Decoder {
	own := []string{"help@acme.test", "billing@acme.test", "sales+eu@acme.test"}
	return NewDecoder(Options{Own: own, Keys: decodeKeys}, sync.OnceValue(NewPolicy))
}

// mustDecode decodes a payload with newTestDecoder.
func mustDecode(t *testing.T, payload string) []channels.Inbound {
	t.Helper()
	ins, err := newTestDecoder().Decode([]byte(payload))
	noError(t, err)
	return ins
}

// decodeOne decodes a mail, and fails the test if that doesn't give one Inbound.
func decodeOne(t testing.TB, raw string) channels.Inbound {
	t.Helper()
	ins := newTestDecoder().decodeMail(Envelope{}, []byte(raw))
	if len(ins) != 1 {
		t.Fatalf("decoded: got %d things, want one: %+v", len(ins), ins)
	}
	return ins[0]
}

// crlf gives a text the line ends that mails have.
func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// wantKeys checks the addresses of parties.
func wantKeys(t *testing.T, what string, parties []channels.Party, want ...string) {
	t.Helper()
	if got := keysOf(parties); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// wantFiles checks the names of a message's files.
func wantFiles(t *testing.T, in channels.Inbound, want ...string) {
	t.Helper()
	var got []string
	for _, a := range in.Attachments {
		got = append(got, a.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("files: got %q, want %q", got, want)
	}
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks a value. what names the value in the error.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantContains checks that a text contains words.
func wantContains(t *testing.T, what, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%s: got %.300q, want %q in it", what, text, words)
	}
}

// safeHTML returns the page of a message's original HTML, or "" if it has none.
func safeHTML(in channels.Inbound) string {
	if !in.Original.NeedsHTML {
		return ""
	}
	return in.Original.HTML.Sanitised()
}

// describe writes an Inbound for golden files.
func describe(in channels.Inbound) string {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	parties := func(list []channels.Party) string {
		var out []string
		for _, p := range list {
			out = append(out, strings.TrimSpace(p.Name+" <"+p.Key+">"))
		}
		return strings.Join(out, ", ")
	}
	field("kind", string(in.Kind))
	field("id", in.ExternalID)
	if in.From.Key != "" {
		field("from", parties([]channels.Party{in.From}))
	}
	field("author", in.Elsewhere.Author)
	field("origin", in.Elsewhere.Origin)
	if !in.At.IsZero() {
		field("at", in.At.Format("2006-01-02 15:04:05 -0700"))
	}
	field("to", parties(in.Envelope.To))
	field("cc", parties(in.Envelope.Cc))
	field("reply-to", parties(in.Envelope.ReplyTo))
	field("via", in.Envelope.Via)
	field("subject", in.Subject)
	field("references", strings.Join(in.Answers.References, " "))
	if in.Answers.Conversation != 0 {
		field("token", fmt.Sprintf("c%d m%d", in.Answers.Conversation, in.Answers.Message))
	}
	field("automatic", in.Automatic)
	if in.Historical {
		field("historical", "yes")
	}
	if s := in.Status; s != nil {
		field("status", fmt.Sprintf("%s message=%d recipient=%s delayed=%v class=%s external=%s",
			s.State, s.MessageID, s.Recipient, s.Delayed, s.Class, strings.Join(s.External, " ")))
		field("reason", s.Reason)
	}
	for _, n := range in.Notices {
		field("notice", n)
	}
	for _, a := range in.Attachments {
		field("file", fmt.Sprintf("%s %s %d bytes inline=%v cid=%s", a.Name, a.ContentType, len(a.Content), a.Inline, a.ContentID))
	}
	for _, part := range [][2]string{{"text", in.Text}, {"html", safeHTML(in)}} {
		if part[1] != "" {
			fmt.Fprintf(&b, "--- %s\n%s\n", part[0], part[1])
		}
	}
	return b.String()
}
