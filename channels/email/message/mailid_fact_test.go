package message

import (
	"regexp"
	"strings"
	"testing"
)

// newMail returns a mail with this id, whose body has this encoding.
func newMail(id, encoding, body string) []byte {
	mail := strings.NewReplacer("NUMBER", id, "ENCODING", encoding).Replace(`Message-ID: <NUMBER>
From: a@b.test
Date: Mon, 2 Nov 2026 11:00:00 +0000
Subject: x
Content-Transfer-Encoding: ENCODING

`)
	return []byte(strings.ReplaceAll(mail, "\n", "\r\n") + body)
}

func TestFactIDIsAHash(t *testing.T) {
	t.Parallel()
	got := Fact(newMail("1@x", "7bit", "hello, world\r\n"))
	if !regexp.MustCompile(`^mail:[0-9a-f]{32}$`).MatchString(got) {
		t.Errorf("Fact: got %q, want mail: and 32 hex digits", got)
	}
}

// The id of a mail's fact depends on what the mail says, not on how it is encoded.
func TestFactIDOfAMailThatWasEncodedAnew(t *testing.T) {
	t.Parallel()
	plain := Fact(newMail("1@x", "7bit", "hello, world\r\n"))
	encoded := Fact(newMail("1@x", "base64", "aGVsbG8sCndvcmxk")) // with a line break in place of the blank
	if encoded != plain {
		t.Errorf("Fact: got %s of the encoded mail, want %s as of the plain one", encoded, plain)
	}
}

func TestFactIDsOfDifferentMails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		mail, other []byte
	}{
		{name: "another text", mail: newMail("1@x", "7bit", "hello, world"), other: newMail("1@x", "7bit", "other")},
		{name: "another Message-ID", mail: newMail("1@x", "7bit", "hello, world"), other: newMail("2@x", "7bit", "hello, world")},
		{name: "no Message-ID, other bytes", mail: []byte("\r\na"), other: []byte("\r\nb")},
	}
	for _, tt := range tests {
		if got := Fact(tt.mail); got == Fact(tt.other) {
			t.Errorf("%s: both mails have the id %s, want different ones", tt.name, got)
		}
	}
}
