package message

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"testing"
	"time"

	"parley/channels"
)

// testKeys sign the ids of all tests.
func outboundTestKeys() [][]byte { return [][]byte{[]byte("key one"), []byte("key two")} }

// newComposer makes the Composer of the mailbox support@acme.test, which also has help@acme.test. It writes mails at a fixed time.
func newComposer(t testing.TB) *Composer {
	t.Helper()
	set, err := ReadSettings(channels.Config{
		"address":       "Support@acme.test",
		"aliases":       "help@acme.test",
		"sender_name":   "Acme Support",
		"imap.host":     "imap.acme.test",
		"imap.password": "x",
		"smtp.host":     "smtp.acme.test",
	})
	noError(t, err)
	now := func() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }
	return NewComposer(set, outboundTestKeys()[0], now, sync.OnceValue(NewRenderer))
}

// newAnswer returns an agent's answer to a customer.
func newAnswer() channels.Outbound {
	return channels.Outbound{
		DeliveryID:     7,
		ConversationID: 12,
		MessageID:      34,
		Attempt:        channels.Attempt{Number: 1},
		To:             []channels.Party{{Key: "ann@customer.test", Name: "Ann Lee"}},
		Subject:        "Printer on fire",
		Text:           "On **our** way.",
		Author:         "Kim Park",
		InReplyTo:      "q1@customer.test",
		References:     []string{"q1@customer.test"},
	}
}

// newFile returns a file of an answer.
func newFile(name string, content []byte) channels.File {
	return newFileOfType(name, "application/octet-stream", content)
}

func newFileOfType(name, contentType string, content []byte) channels.File {
	return channels.File{
		Name:        name,
		ContentType: contentType,
		SizeBytes:   int64(len(content)),
		Open:        func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// mustCompose makes a mail of an answer.
func mustCompose(t testing.TB, o channels.Outbound) *Mail {
	t.Helper()
	m, err := newComposer(t).Compose(o)
	noError(t, err)
	return m
}

// write returns a mail's bytes, and checks that the mail has foretold and counted them.
func write(t *testing.T, m *Mail) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := m.Copy(t.Context(), &b)
	noError(t, err)
	wantEqual(t, "bytes that Copy counts", n, int64(b.Len()))
	wantEqual(t, "bytes that SizeBytes foretells", m.SizeBytes(), int64(b.Len()))
	return b.Bytes()
}

var boundary = regexp.MustCompile(`boundary="?([0-9a-f]{30,})"?`)

// nameBoundaries gives the random boundaries of a mail fixed names, and makes line ends ordinary ones.
func nameBoundaries(raw []byte) []byte {
	for i, m := range boundary.FindAllSubmatch(raw, -1) {
		raw = bytes.ReplaceAll(raw, m[1], fmt.Appendf(nil, "BOUNDARY-%d", i+1))
	}
	return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
}

// wantClass checks that an error has this class, with words for people.
func wantClass(t *testing.T, err error, want channels.Class) {
	t.Helper()
	var failed *channels.SendError
	if !errors.As(err, &failed) {
		t.Fatalf("got error %v, want one of class %s", err, want)
	}
	wantEqual(t, "class of the error", failed.Class, want)
	if failed.Text == "" {
		t.Errorf("error %+v has no text for people", failed)
	}
	if failed.Hint == "" {
		t.Errorf("error %+v has no hint for people", failed)
	}
}
