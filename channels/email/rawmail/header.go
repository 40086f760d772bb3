package rawmail

import (
	"cmp"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Header are the undecoded header fields of a mail or of a part.
type Header struct {
	fields textproto.MIMEHeader
	Guess  *Guesser // the mail's, for charsets
}

// Raw returns the first value of a field, unfolded but not decoded.
func (h Header) Raw(name string) string {
	return h.fields.Get(name)
}

// Text returns the first value of a field for people to read.
func (h Header) Text(name string) string {
	return DecodeHeader(h.Raw(name), h.Guess)
}

// All returns the first maxValues values of a field, in their order.
func (h Header) All(name string) []string {
	values := h.fields.Values(name)
	return values[:min(len(values), maxValues)]
}

// Has reports whether a field is there at all, even empty.
func (h Header) Has(name string) bool {
	return len(h.All(name)) > 0
}

// maxValues is how many values of one field are read.
const maxValues = 100

// convert converts raw 8-bit values of the fields that hold text or addresses to UTF-8. charset is
// that of the mail's text, which most likely is theirs too.
func (h Header) convert(charset string) {
	for _, name := range []string{
		"Subject", "From", "To", "Cc", "Reply-To", "Sender", "Bcc", "Return-Path", "Delivered-To", "X-Original-To", "Envelope-To",
		"Message-Id", "In-Reply-To", "References", "Date", "X-Failed-Recipients",
	} {
		values := h.All(name)
		for i, v := range values {
			switch {
			case strings.Contains(v, shiftsToJIS): // its bytes may look like quotes, commas and angle brackets
				values[i] = ToUTF8([]byte(v), "", h.Guess)
			case !IsASCII(v) && !utf8.ValidString(v):
				values[i] = ToUTF8([]byte(v), charset, h.Guess)
			}
		}
	}
}

// ConvertHeader converts raw 8-bit values of the part's header to UTF-8.
func (p *Part) ConvertHeader() { p.Header.convert(firstCharset(p)) }

// firstCharset returns the charset of the first part that names one, or "" if no part does.
func firstCharset(p *Part) string {
	if cs := p.Params["charset"]; cs != "" {
		return cs
	}
	for _, child := range p.Children {
		if cs := firstCharset(child); cs != "" {
			return cs
		}
	}
	return ""
}

// maxShownHeaderBytes is how much of one header is shown.
const maxShownHeaderBytes = 16_000

// lastRuneStart returns the last index up to i at which s can be cut without splitting a character.
func lastRuneStart(s string, i int) int {
	for n := 0; n < utf8.UTFMax && i-n > 0; n++ {
		if utf8.RuneStart(s[i-n]) {
			return i - n
		}
	}
	return i
}

// encodedWord matches an encoded word of RFC 2047 (=?utf-8?Q?caf=C3=A9?=), as tolerantly as real mail
// needs: with spaces inside, and a language after the charset.
var encodedWord = regexp.MustCompile(`=\?([^?\s]{1,60})\?([bBqQ])\?(.*?)\?=`)

// DecodeHeader returns a field for people to read: encoded words and raw 8-bit bytes are decoded,
// control characters removed, spaces collapsed.
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
	if !IsASCII(v) || strings.Contains(v, shiftsToJIS) {
		v = ToUTF8([]byte(v), "", guess)
	}
	return CleanLine(v)
}

// isPlainLine reports whether DecodeHeader would change nothing: the field is ASCII without encoded words,
// with single spaces between words only.
func isPlainLine(v string) bool {
	before := byte(' ')
	for i := range len(v) {
		c := v[i]
		if c < ' ' || c >= 0x7f || c == ' ' && before == ' ' || c == '?' && before == '=' {
			return false
		}
		before = c
	}
	return v == "" || before != ' '
}

// decodeWords decodes the encoded words of v. Adjacent words of one charset are joined as bytes first,
// because many mailers split a character between two words.
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
	at, wasWord := 0, false
	for _, m := range encodedWord.FindAllStringSubmatchIndex(v, -1) {
		between := v[at:m[0]]
		if !wasWord || strings.TrimSpace(between) != "" {
			flush()
			out.WriteString(ToUTF8([]byte(between), "", guess))
		}
		cs, _, _ := strings.Cut(strings.ToLower(v[m[2]:m[3]]), "*")
		if cs != charset {
			flush()
			charset = cs
		}
		pending = append(pending, decodeWord(v[m[4]:m[5]], v[m[6]:m[7]])...)
		at, wasWord = m[1], true
	}
	flush()
	out.WriteString(ToUTF8([]byte(v[at:]), "", guess))
	return out.String()
}

// decodeWord decodes the text of one encoded word, whose encoding is B or Q.
func decodeWord(encoding, text string) []byte {
	if strings.EqualFold(encoding, "b") {
		return DecodeBase64([]byte(text))
	}
	return decodeQuotedPrintable([]byte(strings.ReplaceAll(text, "_", " ")))
}

// CleanLine returns s as one line in NFC, without control characters and invisible direction
// overrides, and with single spaces.
func CleanLine(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case IsDropped(r):
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// IsDropped reports whether a rune is removed from all text: control characters, and the direction
// overrides with which a program's name can be made to look like that of a picture.
func IsDropped(r rune) bool {
	return r == 0x202d || r == 0x202e || r == 0xfeff ||
		(unicode.IsControl(r) && r != '\n' && r != '\t')
}

// IsASCII reports whether s has 7-bit bytes only.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// maxReferences is how many ids of one field are used; the last ones count.
const maxReferences = 100

// Limits of a field of ids: the bytes that are read, from its end, and the length of one id.
const (
	maxIDFieldBytes = 128 << 10
	maxIDBytes      = 500
)

// MessageIDs returns the ids of a field in their order, without angle brackets. If there are more than
// maxReferences, it returns the last ones.
func MessageIDs(v string, guess *Guesser) []string {
	if len(v) > maxIDFieldBytes {
		v = v[len(v)-maxIDFieldBytes:]
	}
	var ids []string
	for rest := v; ; {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			break
		}
		rest = rest[open+1:]
		end := strings.IndexAny(rest, "<>")
		if end < 0 {
			break
		}
		if rest[end] == '>' {
			if id := strings.Join(strings.Fields(rest[:end]), ""); id != "" && len(id) <= maxIDBytes {
				ids = append(ids, id)
			}
		}
		rest = rest[end:]
	}
	if ids == nil { // some programs write ids without brackets
		for _, id := range strings.FieldsFunc(v, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
			id = strings.Trim(id, "<>")
			if strings.Contains(id, "@") && len(id) <= maxIDBytes {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > maxReferences {
		ids = ids[len(ids)-maxReferences:]
	}
	for i, id := range ids {
		ids[i] = ToUTF8([]byte(id), "", guess)
	}
	return ids
}

// References returns the ids that a mail answers, the most reliable first: In-Reply-To, then
// References from right to left, each once.
func References(h Header) []string {
	ids := MessageIDs(h.Raw("In-Reply-To"), h.Guess)
	refs := MessageIDs(strings.Join(h.All("References"), " "), h.Guess)
	for i := len(refs) - 1; i >= 0; i-- {
		ids = append(ids, refs[i])
	}
	seen := map[string]bool{}
	var out []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// dateNoise matches what mailers add to dates: comments, and the German word "Uhr".
var dateNoise = regexp.MustCompile(`\s*\([^)]*\)|\s+(?:Uhr)\b`)

// Date returns when a mail was written: by Date, else by the newest Received, else internal, the time
// at which it arrived in the mailbox.
func Date(h Header, internal time.Time) time.Time {
	if t, ok := parseDate(h.Text("Date")); ok {
		return t
	}
	received := h.All("Received")
	for _, v := range received[:min(len(received), 50)] {
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			if t, ok := parseDate(DecodeHeader(v[i+1:], h.Guess)); ok {
				return t
			}
		}
	}
	return internal
}

// zoneName matches a time zone that old mailers write as a word behind the time: "10:00:00 EST".
var zoneName = regexp.MustCompile(`(:\d\d) ([A-Za-z]{1,5})( [+-]\d{4})?( |$)`)

// zoneOffsets returns the zones that RFC 5322, section 4.3, knows by name.
func zoneOffsets() map[string]string {
	return map[string]string{
		"EDT": "-0400", "EST": "-0500", "CDT": "-0500", "CST": "-0600",
		"MDT": "-0600", "MST": "-0700", "PDT": "-0700", "PST": "-0800",
	}
}

// withNumericZone replaces a zone's name by its offset, which is +0000 if RFC 5322 doesn't know the name.
// time.Parse would look the name up in the local zone, and so its result would depend on the machine.
func withNumericZone(v string) string {
	m := zoneName.FindStringSubmatch(v)
	if m == nil || strings.EqualFold(m[2], "AM") || strings.EqualFold(m[2], "PM") {
		return v
	}
	offset := cmp.Or(m[3], " "+cmp.Or(zoneOffsets()[strings.ToUpper(m[2])], "+0000"))
	return strings.Replace(v, m[0], m[1]+offset+m[4], 1)
}

// parseDate reads the date of a header. ok is false if it is no date, or if its year is before 1980: such a
// year comes from a clock that was never set.
func parseDate(v string) (date time.Time, ok bool) {
	if v == "" || len(v) > 200 {
		return time.Time{}, false
	}
	v = withNumericZone(dateNoise.ReplaceAllString(v, ""))
	t, err := mail.ParseDate(v)
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
		"Monday, 02-Jan-06 15:04:05 -0700", time.ANSIC, "Mon Jan _2 15:04:05 -0700 2006",
		"Mon Jan 2 15:04:05 2006 -0700",
		"2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04",
	} {
		if err == nil {
			break
		}
		t, err = time.Parse(layout, v)
	}
	if err != nil || t.Year() < 1980 || t.Year() > 9000 {
		return time.Time{}, false
	}
	return t.UTC(), true
}
