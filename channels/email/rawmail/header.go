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

// CleanLine returns s as a single line in NFC, without the characters that IsDropped removes, and with single spaces.
func CleanLine(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false // space follows the last written character
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if IsDropped(r) {
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

// IsDropped reports whether a rune is removed from all texts: control characters, byte order marks, and direction
// overrides, which can disguise the name of a program as that of a picture.
func IsDropped(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case '\u202d', '\u202e': // left-to-right and right-to-left override
		return true
	case '\ufeff': // a byte order mark
		return true
	}
	return unicode.IsControl(r)
}

// IsASCII reports whether s has only 7-bit bytes.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// maxReferences is the maximum number of IDs that are read from one field. The last ones are kept.
const maxReferences = 100

// The limits of a field with IDs: the bytes that are read, from its end, and the length of one ID.
const (
	maxIDFieldBytes = 128 << 10
	maxIDBytes      = 500
)

// MessageIDs returns the message IDs in a field, in order and without angle brackets. It returns at most the last
// maxReferences.
func MessageIDs(v string, guess *Guesser) []string {
	if len(v) > maxIDFieldBytes {
		v = v[len(v)-maxIDFieldBytes:]
	}

	ids := bracketedIDs(v)
	if len(ids) == 0 {
		ids = unbracketedIDs(v)
	}
	if len(ids) > maxReferences {
		ids = ids[len(ids)-maxReferences:]
	}

	for i, id := range ids {
		ids[i] = ToUTF8([]byte(id), "", guess)
	}
	return ids
}

// bracketedIDs returns the IDs in angle brackets: <1@x.test> <2@x.test>. It removes spaces within an ID, and skips IDs
// that are too long.
func bracketedIDs(v string) []string {
	var ids []string
	for {
		_, after, ok := strings.Cut(v, "<")
		if !ok {
			return ids
		}
		end := strings.IndexAny(after, "<>")
		if end < 0 {
			return ids
		}
		if after[end] == '>' {
			id := strings.Join(strings.Fields(after[:end]), "")
			if id != "" && len(id) <= maxIDBytes {
				ids = append(ids, id)
			}
		}
		v = after[end:]
	}
}

// unbracketedIDs returns the IDs in a field without angle brackets: 1@x.test, 2@x.test.
func unbracketedIDs(v string) []string {
	var ids []string
	isSeparator := func(r rune) bool { return unicode.IsSpace(r) || r == ',' }
	for _, id := range strings.FieldsFunc(v, isSeparator) {
		id = strings.Trim(id, "<>")
		if strings.Contains(id, "@") && len(id) <= maxIDBytes {
			ids = append(ids, id)
		}
	}
	return ids
}

// References returns the IDs of the mails that a mail answers, most reliable first: In-Reply-To, then References from
// right to left. Duplicates are removed.
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

// The limits for dates. A year before 1980 comes from a clock that was never set. One after 9000 is a mistake as well,
// and JSON can't represent years after 9999.
const (
	maxReceivedDates = 50 // Received fields that are searched
	maxDateBytes     = 200
	firstYear        = 1980
	lastYear         = 9000
)

// dateNoise matches additions to dates: comments, and the German "Uhr" (o'clock).
var dateNoise = regexp.MustCompile(`\s*\([^)]*\)|\s+(?:Uhr)\b`)

// Date returns the time at which a mail was written: that of its Date field, or else of its newest Received field, or
// else internal, the time at which it arrived in the mailbox.
func Date(h Header, internal time.Time) time.Time {
	if t, ok := parseDate(h.Text("Date")); ok {
		return t
	}
	received := h.All("Received")
	for _, v := range received[:min(len(received), maxReceivedDates)] {
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			if t, ok := parseDate(DecodeHeader(v[i+1:], h.Guess)); ok {
				return t
			}
		}
	}
	return internal
}

// zoneName matches a time zone that old programs write as a word after the time: "10:00:00 EST".
var zoneName = regexp.MustCompile(`(:\d\d) ([A-Za-z]{1,5})( [+-]\d{4})?( |$)`)

// zoneOffsets returns the named time zones of RFC 5322 section 4.3.
func zoneOffsets() map[string]string {
	return map[string]string{
		"EDT": "-0400", "EST": "-0500", "CDT": "-0500", "CST": "-0600",
		"MDT": "-0600", "MST": "-0700", "PDT": "-0700", "PST": "-0800",
	}
}

// withNumericZone replaces the name of a time zone by its offset, which is +0000 for unknown names. time.Parse would
// resolve the name in the local zone, so its result would depend on the machine.
func withNumericZone(v string) string {
	m := zoneName.FindStringSubmatch(v)
	if m == nil {
		return v
	}
	zone := strings.ToUpper(m[2])
	if zone == "AM" || zone == "PM" {
		return v
	}
	writtenOffset, end := m[3], m[4]
	offset := cmp.Or(writtenOffset, " "+cmp.Or(zoneOffsets()[zone], "+0000"))
	return strings.Replace(v, m[0], m[1]+offset+end, 1)
}

// parseDate parses a date in one of many formats. ok is false if it isn't a date or its year is implausible.
func parseDate(v string) (date time.Time, ok bool) {
	if v == "" || len(v) > maxDateBytes {
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
	if err != nil {
		return time.Time{}, false
	}
	if t.Year() < firstYear || t.Year() > lastYear {
		return time.Time{}, false
	}
	return t.UTC(), true
}
