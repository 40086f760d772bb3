package mailid

import (
	"crypto/sha256"
	"strings"
	"testing"
	"unicode"

	"parley/channels/budget"
	"parley/channels/email/rawmail"
)

// FuzzBlankless proves that the fast way to hash a text is the one that stored ids
// were made by: decoded, cleaned, then without blanks.
func FuzzBlankless(f *testing.F) {
	for _, text := range []string{"", "a b\r\nc", "\xef\xbb\xbfa", "\xff\xfea\x00", "a\u2028\u00a0\u202eb\x7f\x1b\x0b", "\x1b$B$\"\x1b(B", "+AGE-b", "\xe9t\xe9", strings.Repeat("é \u3000", 5000)} {
		for _, charset := range []string{"", "utf-8", "us-ascii", "iso-8859-1", "iso-2022-jp", "utf-7", "gb2312", "utf-16", `"UTF-8"; x`, "charset=utf-8", "klingon", "cp932"} {
			f.Add([]byte(text), charset)
		}
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, text []byte, charset string) {
		budget.CheckRepeated(t, m, text, func(b []byte) {
			(&spacelessHash{to: sha256.New()}).writeTexts(&rawmail.Part{Header: rawmail.Header{Guess: rawmail.NewGuesser()}, Type: "text/plain", Body: b, Params: map[string]string{"charset": charset}})
		})
		p := &rawmail.Part{Header: rawmail.Header{Guess: rawmail.NewGuesser()}, Type: "text/plain", Body: text, Params: map[string]string{"charset": charset}}
		got := sha256.New()
		(&spacelessHash{to: got}).writeTexts(p)
		want := sha256.Sum256([]byte("\n" + strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, rawmail.ToUTF8(text, charset, rawmail.NewGuesser()))))
		if string(got.Sum(nil)) != string(want[:]) {
			t.Errorf("%q as %q is another fact than it was", text, charset)
		}
	})
}
