package rawmail

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// ToUTF8 converts text of a declared charset ("" if there is none) to UTF-8 without control characters. It
// tries, in this order: the declared charset, the one that an HTML document names, the one that the
// bytes look like, windows-1252.
func ToUTF8(b []byte, declared string, guess *Guesser) string {
	return DropControls(decodeCharset(b, CharsetLabel(declared), guess))
}

// CharsetLabel returns a charset's name without what mailers put around it, in lower case.
func CharsetLabel(declared string) string {
	return strings.TrimPrefix(strings.ToLower(strings.Trim(declared, " \t\"';")), "charset=")
}

// IsUTF8 reports whether ToUTF8 would only remove control characters from b. label is a CharsetLabel.
func IsUTF8(b []byte, label string) bool {
	if label == "utf-7" || label == "unicode-1-1-utf-7" || bytes.Contains(b, []byte(shiftsToJIS)) {
		return false
	}
	return (!isMultiByte(label) || findEncoding(label) == nil) && utf8.Valid(b)
}

// decodeCharset is ToUTF8 that keeps control characters.
func decodeCharset(b []byte, declared string, guess *Guesser) string {
	if s, ok := decodeByMark(b, declared); ok {
		return s
	}
	enc := findEncoding(declared)
	if enc == nil || !isMultiByte(declared) {
		// Latin charsets and unknown names: text that is valid UTF-8 is UTF-8.
		if utf8.Valid(b) {
			return string(b)
		}
	}
	if enc == nil && !strings.Contains(declared, "utf-8") {
		enc = findEncoding(metaCharset(b))
	}
	if enc == nil && isDamagedUTF8(b) {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	if enc == nil {
		enc = guess.guessEncoding(b)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// isDamagedUTF8 reports whether b is UTF-8 but for a few bytes: a text that was cut in the middle of a
// character, or that has a byte of another charset. In other charsets hardly any bytes form a character.
func isDamagedUTF8(b []byte) bool {
	const charactersPerBadByte = 3
	characters, bad := 0, 0
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			characters++
		}
		b = b[size:]
	}
	return characters >= charactersPerBadByte*bad
}

// Limits of where an HTML document is searched for its charset: in the document, and in one tag.
const (
	maxMetaBytes    = 4096
	maxMetaTagBytes = 300
)

// metaCharset returns the charset that an HTML document names, or "" if it names none:
// <meta charset=utf-8>, <meta http-equiv=content-type content="text/html; charset=utf-8">.
func metaCharset(b []byte) string {
	if b = b[:min(len(b), maxMetaBytes)]; bytes.IndexByte(b, '<') < 0 {
		return ""
	}
	head := strings.ToLower(string(b))
	tag := -1 // where the current <meta tag begins; -1 outside of such tags
	for i := range len(head) {
		switch {
		case head[i] == '<' && strings.HasPrefix(head[i:], "<meta"):
			tag = i
		case head[i] == '>':
			tag = -1
		case tag >= 0 && i-tag < maxMetaTagBytes && strings.HasPrefix(head[i:], "charset"):
			value, ok := strings.CutPrefix(strings.TrimLeft(head[i+len("charset"):], " \t\r\n"), "=")
			value = strings.TrimLeft(value, " \t\r\n\"'")
			end := 0
			for end < len(value) && ((isLetter(value[end]) || isDigit(value[end])) || strings.IndexByte("_:.-", value[end]) >= 0) {
				end++
			}
			if ok && end >= 2 && end <= 40 {
				return value[:end]
			}
		}
	}
	return ""
}

// shiftsToJIS begins Japanese characters in text of ISO-2022-JP, all of whose bytes are ASCII.
// Source: RFC 1468.
const shiftsToJIS = "\x1b$"

// decodeByMark decodes text whose charset is certain: by a byte order mark, or by the escape sequences of
// ISO-2022-JP in text that claims to be ASCII. It also decodes declared UTF-7. ok is false for other text.
func decodeByMark(b []byte, declared string) (text string, ok bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) && utf8.Valid(b):
		return string(b[3:]), true
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		label := "utf-16le"
		if b[0] == 0xfe {
			label = "utf-16be"
		}
		if enc, err := htmlindex.Get(label); err == nil {
			if out, err := enc.NewDecoder().Bytes(b[2:]); err == nil {
				return string(out), true
			}
		}
	case bytes.Contains(b, []byte(shiftsToJIS)) && (declared == "" || declared == "us-ascii" || declared == "ascii"):
		if out, err := japanese.ISO2022JP.NewDecoder().Bytes(b); err == nil {
			return string(out), true
		}
	case declared == "utf-7" || declared == "unicode-1-1-utf-7":
		return decodeUTF7(b), true
	}
	return "", false
}

// findEncoding returns the encoding of a label. It returns nil for UTF-8, ASCII and unknown labels, because
// there the bytes decide.
func findEncoding(label string) encoding.Encoding {
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "7bit", "8bit", "binary", "unknown-8bit", "x-unknown", "default", "none",
		"iso-8859-8-i-utf":
		return nil
	case "gb2312", "gbk", "x-gbk", "cp936", "gb_2312-80", "gb18030":
		return simplifiedchinese.GB18030
	case "cp932", "windows-31j", "ms932", "x-sjis-cp932":
		return japanese.ShiftJIS
	case "cp50220", "cp50221", "iso-2022-jp-ms", "iso-2022-jp-2":
		return japanese.ISO2022JP
	}
	if enc, err := htmlindex.Get(strings.TrimPrefix(label, "x-")); err == nil {
		return enc
	}
	if enc, err := htmlindex.Get(strings.Replace(label, "cp", "windows-", 1)); err == nil {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(label); err == nil && enc != nil {
		return enc
	}
	if enc, err := ianaindex.IANA.Encoding(label); err == nil && enc != nil {
		return enc
	}
	return nil
}

// isMultiByte reports whether text of a charset may be valid UTF-8 by accident.
func isMultiByte(label string) bool {
	for _, part := range []string{"2022", "jis", "gb", "big5", "euc", "ks_c", "korean", "utf-16", "utf-32", "utf-7", "hz", "cp9"} {
		if strings.Contains(label, part) {
			return true
		}
	}
	return false
}

// Guesser guesses the charsets of one mail. A guess is slow, and a mail may have thousands of parts,
// names and ids, so the number of guesses is limited.
type Guesser struct {
	guessesLeft int               // how many guesses may still be made
	bytesLeft   int               // of how many bytes guesses may still be made
	last        encoding.Encoding // the last sure guess; nil before the first one
}

// Limits of the guesses in one mail: their number and bytes, and the bytes of one guess.
const (
	maxGuesses      = 12
	maxGuessedBytes = 48 << 10
	maxGuessBytes   = 16 << 10
)

// NewGuesser returns a guesser for one mail.
func NewGuesser() *Guesser { return &Guesser{guessesLeft: maxGuesses, bytesLeft: maxGuessedBytes} }

// guessEncoding guesses the encoding of b: windows-1252 unless it is sure of another one. When no guesses
// are left, it repeats the last one, because hardly any mail has two charsets. The guesses for a mail are
// always the same. This matters because addresses and message ids depend on them.
func (g *Guesser) guessEncoding(b []byte) encoding.Encoding {
	const minConfidence, minBytes = 30, 20
	mayGuess := g.guessesLeft > 0 && g.bytesLeft >= minBytes
	if len(b) >= minBytes && !mayGuess && g.last != nil {
		return g.last
	}
	if len(b) >= minBytes && mayGuess {
		b = b[:min(len(b), maxGuessBytes, g.bytesLeft)]
		g.guessesLeft--
		g.bytesLeft -= len(b)
		guess := likeliestCharset(b)
		isSure := guess.Confidence >= minConfidence && !strings.HasPrefix(guess.Charset, "UTF-")
		if enc := findEncoding(strings.ToLower(guess.Charset)); isSure && enc != nil {
			g.last = enc
			return enc
		}
	}
	enc, err := htmlindex.Get("windows-1252")
	if err != nil {
		return encoding.Replacement
	}
	return enc
}

// likeliestCharset returns chardet's best guess. Among equally good ones, Western charsets come first, then
// the first by name. (chardet's own choice among them is random: it takes the goroutine that ends first.)
func likeliestCharset(b []byte) chardet.Result {
	list, err := chardet.NewTextDetector().DetectAll(b)
	if err != nil {
		return chardet.Result{}
	}
	return slices.MinFunc(list, func(a, b chardet.Result) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Charset, b.Charset))
	})
}

// rank orders Western charsets (0) before all others (1).
func rank(r chardet.Result) int {
	if r.Charset == "ISO-8859-1" || r.Charset == "windows-1252" {
		return 0
	}
	return 1
}

// DropControls removes NUL and other control characters and turns all line ends into \n. The result
// is valid UTF-8.
func DropControls(s string) string {
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if isClean(s) {
		return s
	}
	if s = strings.ToValidUTF8(s, "\uFFFD"); strings.IndexFunc(s, isUnwanted) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case IsDropped(r):
			return -1
		case r == '\u2028' || r == '\u2029':
			return '\n'
		}
		return r
	}, s)
}

// isUnwanted reports whether DropControls removes r or turns it into a line end.
func isUnwanted(r rune) bool { return IsDropped(r) || r == '\u2028' || r == '\u2029' }

// isClean reports whether s is ASCII without control characters. Most mails are.
func isClean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 && c != '\n' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

// decodeUTF7 decodes UTF-7: ASCII text in which "+…-" contains UTF-16 in base64.
// Source: RFC 2152.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		plus := bytes.IndexByte(b, '+')
		if plus < 0 {
			break
		}
		out.Write(b[:plus])
		b = b[plus+1:]
		end := 0
		for end < len(b) && base64Value(b[end]) >= 0 && b[end] != '-' && b[end] != '_' {
			end++
		}
		if end == 0 {
			out.WriteByte('+')
		} else if enc, err := htmlindex.Get("utf-16be"); err == nil {
			units := DecodeBase64(b[:end])
			if s, err := enc.NewDecoder().Bytes(units[:len(units)&^1]); err == nil {
				out.Write(s)
			}
		}
		b = b[end:]
		if len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
	out.Write(b)
	return out.String()
}
