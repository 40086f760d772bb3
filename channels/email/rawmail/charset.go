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
	if isUTF7(label) || isKorean7Bit(label) || bytes.Contains(b, []byte(shiftsToJIS)) {
		return false
	}
	if isMultiByte(label) && findEncoding(label) != nil {
		return false // ToUTF8 decodes it, even if it is valid UTF-8
	}
	return utf8.Valid(b)
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
		if r == utf8.RuneError && size == 1 {
			bad++
		} else if size > 1 {
			characters++
		}
		b = b[size:]
	}
	return characters >= charactersPerBadByte*bad
}

// Limits of where an HTML document is searched for its charset: in the document, and in one tag. Names of
// charsets have between 2 ("hz") and 40 characters.
const (
	maxMetaBytes    = 4096
	maxMetaTagBytes = 300
	minCharsetBytes = 2
	maxCharsetBytes = 40
)

// metaCharset returns the charset that an HTML document names, or "" if it names none:
// <meta charset=utf-8>, <meta http-equiv=content-type content="text/html; charset=utf-8">.
func metaCharset(b []byte) string {
	if b = b[:min(len(b), maxMetaBytes)]; bytes.IndexByte(b, '<') < 0 {
		return ""
	}
	head := strings.ToLower(string(b))
	isInMeta := false // in a <meta> tag
	tagStart := 0     // where that tag begins
	for i := range len(head) {
		if strings.HasPrefix(head[i:], "<meta") {
			isInMeta = true
			tagStart = i
		} else if head[i] == '>' {
			isInMeta = false
		} else if isInMeta && i-tagStart < maxMetaTagBytes {
			if name := charsetValue(head[i:]); name != "" {
				return name
			}
		}
	}
	return ""
}

// charsetValue returns the name in a text that begins with "charset=name", or "" if it begins otherwise.
func charsetValue(text string) string {
	behind, ok := strings.CutPrefix(text, "charset")
	if !ok {
		return ""
	}
	value, ok := strings.CutPrefix(strings.TrimLeft(behind, " \t\r\n"), "=")
	if !ok {
		return ""
	}
	value = strings.TrimLeft(value, " \t\r\n\"'")
	end := 0
	for end < len(value) && isCharsetByte(value[end]) {
		end++
	}
	if end < minCharsetBytes || end > maxCharsetBytes {
		return ""
	}
	return value[:end]
}

// isCharsetByte reports whether c may be part of a charset's name.
func isCharsetByte(c byte) bool { return isLetterOrDigit(c) || strings.IndexByte("_:.-", c) >= 0 }

// shiftsToJIS begins Japanese characters in text of ISO-2022-JP, all of whose bytes are ASCII.
// Source: RFC 1468.
const shiftsToJIS = "\x1b$"

// The byte order marks: U+FEFF at the beginning of a text, encoded.
const (
	markUTF8    = "\xef\xbb\xbf"
	markUTF16LE = "\xff\xfe"
	markUTF16BE = "\xfe\xff"
)

// decodeByMark decodes text whose charset is certain: by a byte order mark, or by the escape sequences of
// ISO-2022-KR or ISO-2022-JP in text that claims to be ASCII. It also decodes declared UTF-7 and ISO-2022-KR. ok is
// false for other text.
func decodeByMark(b []byte, declared string) (text string, ok bool) {
	if bytes.HasPrefix(b, []byte(markUTF8)) && utf8.Valid(b) {
		return string(b[len(markUTF8):]), true
	}
	if rest, ok := bytes.CutPrefix(b, []byte(markUTF16LE)); ok {
		return decodeUTF16(rest, "utf-16le")
	}
	if rest, ok := bytes.CutPrefix(b, []byte(markUTF16BE)); ok {
		return decodeUTF16(rest, "utf-16be")
	}
	claimsASCII := declared == "" || declared == "us-ascii" || declared == "ascii"
	if isKorean7Bit(declared) || claimsASCII && bytes.Contains(b, []byte(announcesKorean)) {
		return decodeKorean7Bit(b)
	}
	if claimsASCII && bytes.Contains(b, []byte(shiftsToJIS)) {
		out, err := japanese.ISO2022JP.NewDecoder().Bytes(b)
		return string(out), err == nil
	}
	if isUTF7(declared) {
		return decodeUTF7(b), true
	}
	return "", false
}

// decodeUTF16 decodes UTF-16 in the byte order that a label names. ok is false if the text is damaged.
func decodeUTF16(b []byte, label string) (text string, ok bool) {
	enc, err := htmlindex.Get(label)
	if err != nil {
		return "", false
	}
	out, err := enc.NewDecoder().Bytes(b)
	return string(out), err == nil
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
	case "hz", "hz-gb-2312": // RFC 1843
		return simplifiedchinese.HZGB2312
	case "cp932", "windows-31j", "ms932", "x-sjis-cp932":
		return japanese.ShiftJIS
	case "cp50220", "cp50221", "iso-2022-jp-ms", "iso-2022-jp-2":
		return japanese.ISO2022JP
	}
	enc, err := htmlindex.Get(strings.TrimPrefix(label, "x-"))
	if err == nil && enc == encoding.Replacement { // a browser shows no such text; what is ASCII in it can be read
		return nil
	}
	if err == nil {
		return enc
	}
	if enc, err := htmlindex.Get(strings.Replace(label, "cp", "windows-", 1)); err == nil {
		return enc
	}
	for _, index := range []*ianaindex.Index{ianaindex.MIME, ianaindex.IANA} {
		enc, err := index.Encoding(label)
		if err == nil && enc != nil { // nil without an error: IANA knows the charset, but the library can't decode it
			return enc
		}
	}
	return nil
}

// isMultiByte reports whether text of a charset may be valid UTF-8 by accident. It goes by parts of the name:
// "2022" is for iso-2022-jp, "cp5022" for forms of it, "cp9" for cp932, cp936, cp949 and cp950.
func isMultiByte(label string) bool {
	for _, part := range []string{"2022", "jis", "gb", "big5", "euc", "ks_c", "korean", "utf-16", "utf-32", "utf-7", "hz", "cp5022",
		"cp9"} {
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

// Limits of the guesses in one mail: their number and bytes, and the bytes of one guess. Of fewer than
// minGuessBytes a guess is mere chance, and so is one with less than minConfidence, of 100.
const (
	maxGuesses      = 12
	maxGuessedBytes = 48 << 10
	maxGuessBytes   = 16 << 10
	minGuessBytes   = 20
	minConfidence   = 30
)

// NewGuesser returns a guesser for one mail.
func NewGuesser() *Guesser { return &Guesser{guessesLeft: maxGuesses, bytesLeft: maxGuessedBytes} }

// guessEncoding guesses the encoding of b: windows-1252 unless it is sure of another one. When no guesses
// are left, it repeats the last one, because hardly any mail has two charsets. The guesses for a mail are
// always the same. This matters because addresses and message ids depend on them.
func (g *Guesser) guessEncoding(b []byte) encoding.Encoding {
	if len(b) < minGuessBytes {
		return windows1252Encoding()
	}
	mayGuess := g.guessesLeft > 0 && g.bytesLeft >= minGuessBytes
	if !mayGuess {
		if g.last != nil {
			return g.last
		}
		return windows1252Encoding()
	}
	b = b[:min(len(b), maxGuessBytes, g.bytesLeft)]
	g.guessesLeft--
	g.bytesLeft -= len(b)
	guess := likeliestCharset(b)
	isSure := guess.Confidence >= minConfidence && !strings.HasPrefix(guess.Charset, "UTF-")
	if !isSure {
		return windows1252Encoding()
	}
	enc := findEncoding(strings.ToLower(guess.Charset))
	if enc == nil {
		return windows1252Encoding()
	}
	g.last = enc
	return enc
}

// windows1252Encoding returns the encoding of Western texts without a charset.
func windows1252Encoding() encoding.Encoding {
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
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(rankOf(a), rankOf(b)), cmp.Compare(a.Charset, b.Charset))
	})
}

// rankOf orders Western charsets (0) before all others (1).
func rankOf(r chardet.Result) int {
	if r.Charset == "ISO-8859-1" || r.Charset == "windows-1252" {
		return 0
	}
	return 1
}

// DropControls removes NUL and other control characters and turns all line ends into \n. The result is valid UTF-8.
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
		if IsDropped(r) {
			return -1 // strings.Map removes it
		}
		if isUnicodeLineEnd(r) {
			return '\n'
		}
		return r
	}, s)
}

// isUnicodeLineEnd reports whether r is Unicode's separator of lines or of paragraphs.
func isUnicodeLineEnd(r rune) bool { return r == '\u2028' || r == '\u2029' }

// isUnwanted reports whether DropControls removes r or turns it into a line end.
func isUnwanted(r rune) bool { return IsDropped(r) || isUnicodeLineEnd(r) }

// isClean reports whether s is ASCII without control characters. Most mails are.
func isClean(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c < asciiDelete {
			continue
		}
		if c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// asciiDelete is the last ASCII character, a control character.
const asciiDelete = '\x7f'
