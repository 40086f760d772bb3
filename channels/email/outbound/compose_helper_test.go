package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"parley/channels"
)

// keys sign the ids of all tests.
func keys() [][]byte { return [][]byte{[]byte("key one"), []byte("key two")} }

// answer is an agent's answer to a customer.
func answer() channels.Outbound {
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

// wantClass checks that an error has this class, with words for people.
func wantClass(t *testing.T, err error, want channels.Class) {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Class != want || se.Text == "" || se.Hint == "" {
		t.Fatalf("error %v, want class %s with words for people", err, want)
	}
}

// attached is a file of an answer.
func attached(name string, content []byte) channels.File {
	return channels.File{
		Name: name, ContentType: "application/octet-stream", SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}
