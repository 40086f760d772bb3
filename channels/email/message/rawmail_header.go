package message

import (
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Header holds the undecoded header fields of a mail or of one of its parts.
type Header struct {
	fields textproto.MIMEHeader
	Guess  *Guesser // guesses charsets; all parts of a mail share it
}

// Raw returns the first value of a field, unfolded but not decoded.
func (h Header) Raw(name string) string { return h.fields.Get(name) }

// Text returns the first value of a field, decoded by DecodeHeader.
func (h Header) Text(name string) string { return DecodeHeader(h.Raw(name), h.Guess) }

// All returns the first maxValues values of a field, in order and undecoded.
func (h Header) All(name string) []string {
	values := h.fields.Values(name)
	return values[:min(len(values), maxValues)]
}

// Has reports whether a field is present, even if it is empty.
func (h Header) Has(name string) bool { return len(h.All(name)) > 0 }

// maxValues is the maximum number of values of one field.
const maxValues = 100

// convert converts raw 8-bit values of fields with text or addresses to UTF-8. charset is that of the mail's text, which
// most likely is that of its header, too.
func (h Header) convert(charset string) {
	for _, name := range []string{
		"Subject", "From", "To", "Cc", "Reply-To", "Sender", "Bcc", "Return-Path", "Delivered-To", "X-Original-To", "Envelope-To",
		"Message-Id", "In-Reply-To", "References", "Date", "X-Failed-Recipients",
	} {
		values := h.All(name)
		for i, v := range values {
			if strings.Contains(v, jisEscape) { // its bytes look like quotes, commas and angle brackets
				values[i] = ToUTF8([]byte(v), "", h.Guess)
			} else if !utf8.ValidString(v) {
				values[i] = ToUTF8([]byte(v), charset, h.Guess)
			}
		}
	}
}

// ConvertHeader converts raw 8-bit values of the part's header to UTF-8.
func (p *Part) ConvertHeader() { p.Header.convert(firstCharset(p)) }

// firstCharset returns the charset of the first part that declares one, or "" if none does.
func firstCharset(p *Part) string {
	if charset := p.Params["charset"]; charset != "" {
		return charset
	}
	for _, child := range p.Children {
		if charset := firstCharset(child); charset != "" {
			return charset
		}
	}
	return ""
}

// maxShownHeaderBytes is the maximum length of a value that DecodeHeader decodes.
const maxShownHeaderBytes = 16_000

// lastRuneStart returns the last index, at most i, at which s can be cut without splitting a character.
func lastRuneStart(s string, i int) int {
	for n := 0; n < utf8.UTFMax && i-n > 0; n++ {
		if utf8.RuneStart(s[i-n]) {
			return i - n
		}
	}
	return i
}

// encodedWord matches an encoded word of RFC 2047, such as =?utf-8?Q?caf=C3=A9?=. It tolerates spaces in the text, and
// accepts a language after the charset (RFC 2231).
var encodedWord = regexp.MustCompile(`=\?([^?\s]{1,60})\?([bBqQ])\?(.*?)\?=`)

// DecodeHeader returns the readable text of a field: it decodes encoded words and raw 8-bit bytes, removes control
// characters and collapses spaces.
func DecodeHeader(v string, guess *Guesser) string {
	if len(v) > maxShownHeaderBytes {
		v = v[:lastRuneStart(v, maxShownHeaderBytes)]
	}
	if isPlainLine(v) {
		return v
	}
	if strings.Contains(v, "=?") {
		v = decodeWords(v, guess)
	}
	if !IsASCII(v) || strings.Contains(v, jisEscape) {
		v = ToUTF8([]byte(v), "", guess)
	}
	return CleanLine(v)
}

// isPlainLine reports whether DecodeHeader would return v unchanged, since it is ASCII without encoded words and repeated
// spaces.
func isPlainLine(v string) bool {
	before := byte(' ')
	for i := range len(v) {
		c := v[i]
		if c < ' ' || c >= asciiDelete {
			return false
		}

		isRepeatedSpace := c == ' ' && before == ' '
		mayBeginWord := c == '?' && before == '='
		if isRepeatedSpace || mayBeginWord {
			return false
		}

		before = c
	}

	return v == "" || before != ' '
}

// decodeWords decodes the encoded words in v. It joins the bytes of adjacent words before converting their charset,
// because many programs split a character between two words.
func decodeWords(v string, guess *Guesser) string {
	var out strings.Builder
	var pending []byte
	var charset string
	flush := func() {
		if len(pending) > 0 {
			out.WriteString(ToUTF8(pending, charset, guess))
		}
		pending = nil
	}

	at := 0 // the index after the last word
	wasWord := false
	for _, m := range encodedWord.FindAllStringSubmatchIndex(v, -1) { // m holds the start and end of each group
		between := v[at:m[0]]
		if !wasWord || strings.TrimSpace(between) != "" {
			flush()
			out.WriteString(ToUTF8([]byte(between), "", guess))
		}

		wordCharset, _, _ := strings.Cut(strings.ToLower(v[m[2]:m[3]]), "*") // "utf-8*en" contains a language
		if wordCharset != charset {
			flush()
			charset = wordCharset
		}

		encoding := v[m[4]:m[5]]
		text := v[m[6]:m[7]]
		pending = append(pending, decodeWord(encoding, text)...)
		at = m[1]
		wasWord = true
	}

	flush()
	out.WriteString(ToUTF8([]byte(v[at:]), "", guess))
	return out.String()
}

// decodeWord decodes the text of one encoded word. encoding is B or Q, in upper or lower case.
func decodeWord(encoding, text string) []byte {
	if strings.EqualFold(encoding, "b") {
		return DecodeBase64([]byte(text))
	}
	return decodeQuotedPrintable([]byte(strings.ReplaceAll(text, "_", " ")))
}
