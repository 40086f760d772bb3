package inbound

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/channels"
	"parley/channels/email/bodytext"
)

var decodeKeys = [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("an older key, which still verifies")}

func newTestDecoder() *Decoder {
	return NewDecoder(Options{Own: []string{"help@acme.test", "billing@acme.test"}, Keys: decodeKeys}, sync.OnceValue(bodytext.NewPolicy))
}

// decode decodes one payload for an account.
func decode(payload []byte, o Options) ([]channels.Inbound, error) {
	return NewDecoder(o, sync.OnceValue(bodytext.NewPolicy)).Decode(payload)
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantText checks that a text contains words.
func wantText(t *testing.T, what, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%s: got %.300q, want %q in it", what, text, words)
	}
}

// wantAnswers checks which conversation of ours a mail belongs to, and which message of ours it answers; 0 means none.
func wantAnswers(t *testing.T, in channels.Inbound, conversation, message int64) {
	t.Helper()
	wantEqual(t, "conversation", in.Answers.Conversation, conversation)
	wantEqual(t, "message that it answers", in.Answers.Message, message)
}

// safeHTML gives the original of a message, "" if it has none.
func safeHTML(in channels.Inbound) string {
	if in.Original.HTML == nil {
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
	field("author", in.Foreign.Author)
	field("origin", in.Foreign.Origin)
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
		field("status", fmt.Sprintf("%s message=%d recipient=%s delayed=%v class=%s external=%s", s.State, s.MessageID, s.Recipient, s.Delayed, s.Class, strings.Join(s.External, " ")))
		field("reason", s.Reason)
	}
	for _, n := range in.Notices {
		field("notice", n)
	}
	for _, a := range in.Attachments {
		field("file", fmt.Sprintf("%s %s %d bytes inline=%v cid=%s", a.Name, a.ContentType, len(a.Content), a.Inline, a.ContentID))
	}
	for _, part := range [][2]string{{"text", in.Text}, {"quoted", in.Original.Quoted}, {"html", safeHTML(in)}} {
		if part[1] != "" {
			fmt.Fprintf(&b, "--- %s\n%s\n", part[0], part[1])
		}
	}
	return b.String()
}
