package rawmail

import (
	"strings"
	"testing"
)

// A header ends where the parts begin that it announces, even if no empty line stands between: else the words
// of the first part would be read as its header, and nobody would see them.
//
// The forms are those of mails that were seen: a line with a blank only (mikel/mail issue 781, and
// fws_fn.eml of rspamd's tests), and a folded line (namecheap/fast_mail_parser issue 150).
func TestHeaderEndsAtTheFirstPart(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]string{
		"an empty line":            "\r\n",
		"a line with a blank only": " \r\n",
		"nothing":                  "",
		"a folded line":            "MIME-Version: 1.0\r\n hello\r\n",
		"an odd line":              "an odd line\r\n",
	} {
		for _, boundary := range []string{"_005_CFC60393A49D", "=:part:1"} {
			mail := "From: ada@example.com\r\nContent-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n" + between +
				"--" + boundary + "\r\nContent-Type: text/html\r\n\r\nMy own words.\r\n" +
				"--" + boundary + "\r\nContent-Type: image/png\r\n\r\nx\r\n--" + boundary + "--\r\n"
			p, _ := Read([]byte(mail))
			if len(p.Children) != 2 {
				t.Errorf("%s, %s: got %d parts, want 2", name, boundary, len(p.Children))
				continue
			}
			first := p.Children[0]
			if first.Type != "text/html" {
				t.Errorf("%s, %s: the first part's type is %q, want text/html", name, boundary, first.Type)
			}
			if got := strings.TrimSpace(string(first.Body)); got != "My own words." {
				t.Errorf("%s, %s: the first part is %q, want the author's words", name, boundary, got)
			}
			if got := p.Header.Raw("From"); got != "ada@example.com" {
				t.Errorf("%s, %s: From is %q, want ada@example.com", name, boundary, got)
			}
		}
	}
}

// A line that is no field, at the end of the header, doesn't make a body of base64 unreadable: it can't belong to
// that body. Before a body that says what it says in plain letters it is shown, because it may be the author's.
// A program of others (mnako/letters) tests with such a field: its name has blanks.
func TestOddLineBeforeTheBody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ encoding, odd, body, want string }{
		"base64":                {encoding: "BaSe64", odd: "X Odd name: value\r\n", body: "SGVsbG8gQW5u\r\n", want: "Hello Ann"},
		"base64, folded":        {encoding: "base64", odd: "X Odd name: value\r\n more\r\n", body: "SGVsbG8gQW5u\r\n", want: "Hello Ann"},
		"base64, no empty line": {encoding: "base64", odd: "SGVsbG8gQW5u\r\n", body: "", want: "Hello Ann"},
		"base64, half of it":    {encoding: "base64", odd: "SGVsbG8g\r\n", body: "QW5u\r\n", want: "Hello Ann"},
		"plain":                 {encoding: "7bit", odd: "My own words\r\n", body: "and more.\r\n", want: "My own words\r\n\r\nand more.\r\n"},
	} {
		p, _ := Read([]byte("From: ada@example.com\r\nContent-Transfer-Encoding: " + c.encoding + "\r\n" + c.odd + "\r\n" + c.body))
		if got := string(p.Bytes()); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := p.Header.Raw("From"); got != "ada@example.com" {
			t.Errorf("%s: From is %q, want ada@example.com", name, got)
		}
	}
}
