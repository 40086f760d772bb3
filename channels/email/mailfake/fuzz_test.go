package mailfake

import (
	"bytes"
	"testing"
	"time"
)

// Any bytes are stored unchanged, and can be shown.
func FuzzParse(f *testing.F) {
	m := Mail{From: "a@b.test", To: []string{"c@d.test"}, Subject: "ü", Text: "t", HTML: "<p>", MessageID: "<1@b.test>", Date: time.Unix(0, 0),
		Attachments: []Attachment{{Name: "ü", Content: []byte("x")}}}
	raw, err := m.compose()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx"))
	f.Add([]byte("From: =?x?q?=\r\nDate: \r\n\r\n\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		if r := parseReceived(raw); !bytes.Equal(r.Raw, before) {
			t.Errorf("the stored bytes are %q, want %q", r.Raw, before)
		}
		if got := replaceMessageID(raw, "<new@x>"); !bytes.HasPrefix(got, []byte("Message-ID: <new@x>\r\n")) {
			t.Errorf("got %q, want the new id first", got)
		}
		envelopeOf(raw)
	})
}

// A customer's file comes out of the parser unchanged, and nothing that she types forges a field, a recipient or a
// file.
func FuzzCompose(f *testing.F) {
	f.Add("Hi", "text\nmore", "a.txt")
	f.Add("Hi\r\nBcc: x@y.z", "..\r\n.", "\"quoted\"; x=y")
	f.Fuzz(func(t *testing.T, subject, text, name string) {
		m := Mail{From: "a@b.test", To: []string{"c@d.test"}, Subject: subject, Text: text, MessageID: "<1@b.test>", Date: time.Unix(0, 0),
			Attachments: []Attachment{{Name: name, Content: []byte(text)}}}
		raw, err := m.compose()
		if err != nil {
			t.Fatal(err)
		}

		r := parseReceived(raw)
		if got := r.Get("Bcc"); got != "" {
			t.Errorf("%q: got the field Bcc %q, want none", raw, got)
		}
		if len(r.To) != 1 {
			t.Errorf("%q: got the recipients %+v, want one", raw, r.To)
		}
		if len(r.Attachments) != 1 {
			t.Fatalf("%q: got the files %+v, want one", raw, r.Attachments)
		}
		if got := string(r.Attachments[0].Content); got != text {
			t.Errorf("%q: got the file %q, want %q", raw, got, text)
		}
	})
}
