package message

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cention-sany/utf7"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// ToUTF8 converts the text of a mail to UTF-8 and removes control characters. Many mails declare no charset or a wrong
// one. ToUTF8 tries the declared one ("" if there is none), the one in an HTML <meta> tag, the one that guess detects
// from the bytes, and windows-1252. It never fails; undecodable bytes become U+FFFD.
func ToUTF8(b []byte, declared string, guess *Guesser) string {
	return DropControls(decodeCharset(b, CharsetLabel(declared), guess))
}

// CharsetLabel normalizes the name of a charset: in lower case, without quotes and the prefix "charset=".
func CharsetLabel(declared string) string {
	return strings.TrimPrefix(strings.ToLower(strings.Trim(declared, " \t\"';")), "charset=")
}

// IsUTF8 reports whether ToUTF8 would only remove control characters from b. label is a CharsetLabel.
func IsUTF8(b []byte, label string) bool {
	if isKorean7Bit(label) || bytes.Contains(b, []byte(jisEscape)) {
		return false
	}
	if isMultiByte(label) && findEncoding(label) != nil {
		return false // ToUTF8 decodes it, even if it is valid UTF-8
	}
	return utf8.Valid(b)
}

// decodeCharset is ToUTF8 without removing control characters. declared is a CharsetLabel.
func decodeCharset(b []byte, declared string, guess *Guesser) string {
	if s, ok := decodeUnambiguous(b, declared); ok {
		return s
	}

	enc := findEncoding(declared)
	mayBeMislabeled := enc == nil || !isMultiByte(declared) // text in a Latin charset is hardly ever valid UTF-8
	if mayBeMislabeled && utf8.Valid(b) {
		return string(b)
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

// isUnread reports whether a text is in a charset that ToUTF8 doesn't know, so that some of what it returns may be wrong. A
// text that is valid UTF-8 is read, whatever it declares.
func isUnread(b []byte, declared string) bool {
	label := CharsetLabel(declared)
	if _, ok := decodeUnambiguous(b, label); ok || namesNoCharset(label) {
		return false
	}
	enc := findEncoding(label)
	if enc == nil {
		enc = findEncoding(metaCharset(b))
	}
	if enc == utf7.UTF7 {
		_, err := enc.NewDecoder().Bytes(b)
		return err != nil
	}
	return enc == nil && (!utf8.Valid(b) || bytes.ContainsAny(b, "\x00\x0e\x1b")) // which shift to other characters
}

// isDamagedUTF8 reports whether b is UTF-8 except for a few bytes, because it was cut within a character or contains a
// byte of another charset. In texts of other charsets, hardly any bytes form a UTF-8 character.
func isDamagedUTF8(b []byte) bool {
	const minCharactersPerBadByte = 3
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
	return characters >= minCharactersPerBadByte*bad
}

// The limits for metaCharset: the searched bytes of the document and of one tag, and the length of a charset's name.
const (
	maxMetaBytes    = 4096
	maxMetaTagBytes = 300
	minCharsetBytes = 2
	maxCharsetBytes = 40
)

// metaCharset returns the charset that an HTML document declares, or "" if it declares none:
// <meta charset=utf-8>, <meta http-equiv=content-type content="text/html; charset=utf-8">.
func metaCharset(b []byte) string {
	b = b[:min(len(b), maxMetaBytes)]
	if bytes.IndexByte(b, '<') < 0 {
		return ""
	}

	head := strings.ToLower(string(b))
	inMeta := false // within a <meta> tag
	tagStart := 0   // of that tag
	for i := range len(head) {
		switch {
		case strings.HasPrefix(head[i:], "<meta"):
			inMeta = true
			tagStart = i
		case head[i] == '>':
			inMeta = false
		case inMeta && i-tagStart < maxMetaTagBytes:
			if name := charsetValue(head[i:]); name != "" {
				return name
			}
		}
	}
	return ""
}

// charsetValue returns the name in a text that begins with "charset=name", or "" for any other text.
func charsetValue(text string) string {
	rest, ok := strings.CutPrefix(text, "charset")
	if !ok {
		return ""
	}
	value, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t\r\n"), "=")
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

func isCharsetByte(c byte) bool { return isLetterOrDigit(c) || strings.IndexByte("_:.-", c) >= 0 }

// jisEscape is the escape sequence that switches to Japanese characters in ISO-2022-JP, a 7-bit charset.
// Source: RFC 1468.
const jisEscape = "\x1b$"

// The byte order marks (U+FEFF at the beginning of a text).
const (
	bomUTF8    = "\xef\xbb\xbf"
	bomUTF16LE = "\xff\xfe"
	bomUTF16BE = "\xfe\xff"
)

// decodeUnambiguous decodes text whose charset shows in its bytes: it has a byte order mark, or the escape sequences of
// ISO-2022-KR or ISO-2022-JP. It also decodes declared ISO-2022-KR, which findEncoding doesn't know. ok is false
// for other text.
func decodeUnambiguous(b []byte, declared string) (text string, ok bool) {
	if bytes.HasPrefix(b, []byte(bomUTF8)) && utf8.Valid(b) {
		return string(b[len(bomUTF8):]), true
	}
	if rest, ok := bytes.CutPrefix(b, []byte(bomUTF16LE)); ok {
		return decodeUTF16(rest, "utf-16le")
	}
	if rest, ok := bytes.CutPrefix(b, []byte(bomUTF16BE)); ok {
		return decodeUTF16(rest, "utf-16be")
	}
	claimsASCII := declared == "" || declared == "us-ascii" || declared == "ascii"
	if isKorean7Bit(declared) || claimsASCII && bytes.Contains(b, []byte(koreanHeader)) {
		return decodeKorean7Bit(b)
	}
	if isMislabelledJIS(b, declared) {
		out, err := japanese.ISO2022JP.NewDecoder().Bytes(b)
		return string(out), err == nil
	}
	return "", false
}

// isMislabelledJIS reports whether a text is in ISO-2022-JP although it declares another charset. Programs call that
// charset "JIS" or "ISO2022JP", or declare the one in which they keep their texts.
func isMislabelledJIS(b []byte, declared string) bool {
	if isMultiByte(declared) && findEncoding(declared) != nil {
		return false // that charset may have the same bytes
	}
	hasEscape := slices.ContainsFunc([]string{jisEscape + "B", jisEscape + "@", jisEscape + "("}, func(escape string) bool {
		return bytes.Contains(b, []byte(escape))
	})
	return hasEscape && IsASCII(string(b))
}

// decodeUTF16 decodes UTF-16; label is "utf-16le" or "utf-16be". ok is false if the text is damaged.
func decodeUTF16(b []byte, label string) (text string, ok bool) {
	enc, err := htmlindex.Get(label)
	if err != nil {
		return "", false
	}
	out, err := enc.NewDecoder().Bytes(b)
	return string(out), err == nil
}

// findEncoding returns the encoding of a CharsetLabel. It returns nil for UTF-8, ASCII and unknown labels: for these,
// decodeCharset goes by the bytes.
func findEncoding(label string) encoding.Encoding {
	if namesNoCharset(label) {
		return nil
	}
	switch label {
	case "gb2312", "gbk", "x-gbk", "cp936", "gb_2312-80", "gb18030":
		return simplifiedchinese.GB18030
	case "hz", "hz-gb-2312": // RFC 1843
		return simplifiedchinese.HZGB2312
	case "cp932", "windows-31j", "ms932", "x-sjis-cp932":
		return japanese.ShiftJIS
	case "cp950", "windows-950", "x-windows-950", "ms950":
		return traditionalchinese.Big5
	case "utf-7", "utf7", "unicode-1-1-utf-7", "csunicode11utf7":
		return utf7.UTF7
	case "cp50220", "cp50221", "iso-2022-jp-ms", "iso-2022-jp-2":
		return japanese.ISO2022JP
	}
	enc, err := htmlindex.Get(strings.TrimPrefix(label, "x-"))
	if err == nil && enc == encoding.Replacement { // browsers refuse these charsets, but the ASCII characters in such a text are readable
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
		if err == nil && enc != nil { // nil without an error means that the library knows the name but can't decode the charset
			return enc
		}
	}
	return nil
}

// namesNoCharset reports whether a label says nothing more than that a text is UTF-8 or ASCII.
func namesNoCharset(label string) bool {
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "7bit", "8bit", "binary", "unknown-8bit", "x-unknown", "default", "none",
		"iso-8859-8-i-utf":
		return true
	}
	return strings.Contains(label, "utf-8")
}

// isMultiByte reports whether a text in the charset may be valid UTF-8 by accident. It matches parts of the name: "2022"
// stands for iso-2022-jp, "cp5022" for its variants, and "932" for cp932 and ms932, which are also called windows-31j.
func isMultiByte(label string) bool {
	for _, part := range []string{"2022", "jis", "gb", "big5", "euc", "ks_c", "korean", "utf-16", "utf-32", "utf-7", "hz", "cp5022",
		"31j", "932", "936", "949", "950"} {
		if strings.Contains(label, part) {
			return true
		}
	}
	return false
}
