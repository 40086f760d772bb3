package mailfake

import (
	"bytes"
	"testing"
	"time"
)

// FuzzParse: any bytes are stored and shown; nothing panics, and the bytes stay.
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

// FuzzCompose: what a customer types comes out of the parser again, and no field can be
// forged through another.
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
		if r.Get("Bcc") != "" || len(r.To) != 1 {
			t.Errorf("the header has other recipients than the one, so that a field was forged: %q", raw)
		}
		if len(r.Attachments) != 1 || string(r.Attachments[0].Content) != text {
			t.Errorf("got the files %+v, want one with %q, of %q", r.Attachments, text, raw)
		}
	})
}
