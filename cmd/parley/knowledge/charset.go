package knowledge

import (
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// byteOrderMark begins the files of some editors, such as Notepad. It isn't part of the text.
const byteOrderMark = "\ufeff"

// decodeText converts a page to UTF-8. contentType is the Content-Type of a web page; it is "" for a file. If neither it
// nor the page names a character set, a page that is valid UTF-8 counts as that, and any other as Windows-1252. A page in
// an unknown character set is treated as UTF-8.
func decodeText(raw []byte, contentType string) string {
	text := string(raw)
	// The library examines only the first 1024 bytes. If they are all ASCII, it guesses Windows-1252.
	_, name, isCertain := charset.DetermineEncoding(raw, contentType)
	isGuess := !isCertain && name == "windows-1252"
	if !isGuess || !isUTF8(raw) {
		text = convert(text, contentType)
	}
	return strings.TrimPrefix(clean(text), byteOrderMark)
}

// convert converts a text from the character set that contentType or the text itself names. It returns the text
// unchanged if that set is unknown.
func convert(text, contentType string) string {
	r, err := charset.NewReader(strings.NewReader(text), contentType)
	if err != nil {
		return text
	}
	converted, err := io.ReadAll(r)
	if err != nil {
		return text
	}
	return string(converted)
}

// isUTF8 reports whether a page is valid UTF-8. The last character may be incomplete, because only the first maxPageBytes
// of a page are read.
func isUTF8(raw []byte) bool {
	for n := 1; n < min(utf8.UTFMax, len(raw)); n++ {
		last := raw[len(raw)-n:]
		if !utf8.RuneStart(last[0]) {
			continue
		}
		if !utf8.FullRune(last) {
			raw = raw[:len(raw)-n]
		}
		break
	}
	return utf8.Valid(raw)
}
