package message

import (
	"strings"
	"testing"
)

// wantFrom checks the sender of a mail, to see that its header was read.
func wantFrom(t *testing.T, p *Part) {
	t.Helper()
	if got := p.Header.Raw("From"); got != "ada@example.com" {
		t.Errorf("From: got %q, want ada@example.com", got)
	}
}

// twoPartMail is a mail in which tests replace BOUNDARY and BETWEEN. BETWEEN is between the header and the first part.
const twoPartMail = `From: ada@example.com
Content-Type: multipart/mixed; boundary="BOUNDARY"
BETWEEN--BOUNDARY
Content-Type: text/html

My own words.
--BOUNDARY
Content-Type: image/png

x
--BOUNDARY--
`

// A header ends where the parts begin, even if no empty line separates them. Otherwise the words of the first part
// would be read as header fields, and nobody would see them.
//
// Mails of these forms were seen: with a line that has only a blank (mikel/mail issue 781, and fws_fn.eml in rspamd's
// tests), and with a folded line (namecheap/fast_mail_parser issue 150).
func TestHeaderEndsAtTheFirstPart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		between string
	}{
		{name: "an empty line", between: "\n"},
		{name: "a line with a blank only", between: " \n"},
		{name: "nothing", between: ""},
		{name: "a folded line", between: "MIME-Version: 1.0\n hello\n"},
		{name: "an odd line", between: "an odd line\n"},
	}

	for _, tt := range tests {
		for _, boundary := range []string{"_005_CFC60393A49D", "=:part:1"} {
			t.Run(tt.name+"/"+boundary, func(t *testing.T) {
				t.Parallel()
				mail := strings.NewReplacer("BOUNDARY", boundary, "BETWEEN", tt.between).Replace(twoPartMail)
				p, _ := Read([]byte(crlf(mail)))
				wantFrom(t, p)
				if len(p.Children) != 2 {
					t.Fatalf("parts: got %d, want 2", len(p.Children))
				}

				first := p.Children[0]
				if first.Type != "text/html" {
					t.Errorf("type of the first part: got %q, want text/html", first.Type)
				}
				if got := strings.TrimSpace(string(first.Body)); got != "My own words." {
					t.Errorf("first part: got %q, want the author's words", got)
				}
			})
		}
	}
}
