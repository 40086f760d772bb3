package email

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

// headers are the fields of a mail or part, undecoded, values of a name in order.
type headers struct {
	fields textproto.MIMEHeader
	guess  *guesser // of the mail
}

// raw gives the first value of a field as it stands, unfolded.
func (h headers) raw(name string) string {
	return h.fields.Get(name)
}

// text gives the first value of a field for people to read.
func (h headers) text(name string) string {
	return decodeHeader(h.raw(name), h.guess)
}

// all gives the values of a field, the first ones of very many.
func (h headers) all(name string) []string {
	values := h.fields.Values(name)
	return values[:min(len(values), valueLimit)]
}

// has reports whether a field is there at all, even empty.
func (h headers) has(name string) bool {
	return len(h.all(name)) > 0
}

// valueLimit is how many values of one field are read.
const valueLimit = 100

// convert makes UTF-8 of raw 8-bit values of the fields that people or addresses stand in:
// their charset is most likely that of the text.
func (h headers) convert(charset string) {
	for _, name := range []string{
		"Subject", "From", "To", "Cc", "Reply-To", "Sender", "Bcc", "Return-Path", "Delivered-To", "X-Original-To", "Envelope-To",
		"Message-Id", "In-Reply-To", "References", "Date", "X-Failed-Recipients",
	} {
		values := h.all(name)
		for i, v := range values {
			if !isASCII(v) && !utf8.ValidString(v) {
				values[i] = toUTF8([]byte(v), charset, h.guess)
			}
		}
	}
}

// firstCharset gives the charset of the first text of a mail that names one.
func firstCharset(p *part) string {
	if cs := p.params["charset"]; cs != "" {
		return cs
	}
	for _, child := range p.children {
		if cs := firstCharset(child); cs != "" {
			return cs
		}
	}
	return ""
}

// headerBytes is how much of one header is shown.
const headerBytes = 16_000

// runeStart gives the last place up to i at which s can be cut without halving a letter.
func runeStart(s string, i int) int {
	for n := 0; n < utf8.UTFMax && i-n > 0; n++ {
		if utf8.RuneStart(s[i-n]) {
			return i - n
		}
	}
	return i
}

// encodedWord is RFC 2047's, as tolerant as real mail needs: blanks inside,
// a language after the charset.
var encodedWord = regexp.MustCompile(`=\?([^?\s]{1,60})\?([bBqQ])\?(.*?)\?=`)

// decodeHeader makes a field readable: RFC 2047 words, raw 8-bit bytes of any
// charset, no controls, blanks collapsed.
func decodeHeader(v string, guess *guesser) string {
	if len(v) > headerBytes {
		v = v[:runeStart(v, headerBytes)]
	}
	if isTidy(v) {
		return v
	}
	if strings.Contains(v, "=?") {
		v = decodeWords(v, guess)
	}
	if !isASCII(v) {
		v = toUTF8([]byte(v), "", guess)
	}
	return cleanLine(v)
}

// isTidy reports whether a field is readable as it stands: ASCII, no encoded words, no
// blanks but single ones between words.
func isTidy(v string) bool {
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

// decodeWords decodes the RFC 2047 words of v. Neighbours of one charset are
// joined as bytes first: many mailers cut a character in two.
func decodeWords(v string, guess *guesser) string {
	var out strings.Builder
	var pending []byte
	var charset string
	flush := func() {
		if len(pending) > 0 {
			out.WriteString(toUTF8(pending, charset, guess))
		}
		pending = nil
	}
	at, wasWord := 0, false
	for _, m := range encodedWord.FindAllStringSubmatchIndex(v, -1) {
		between := v[at:m[0]]
		if !wasWord || strings.TrimSpace(between) != "" {
			flush()
			out.WriteString(toUTF8([]byte(between), "", guess))
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
	out.WriteString(toUTF8([]byte(v[at:]), "", guess))
	return out.String()
}

// decodeWord undoes the B or Q encoding of one word.
func decodeWord(encoding, text string) []byte {
	if strings.EqualFold(encoding, "b") {
		return decodeBase64([]byte(text))
	}
	return decodeQuotedPrintable([]byte(strings.ReplaceAll(text, "_", " ")))
}

// cleanLine makes one line of s: no controls, no invisible direction overrides,
// blanks collapsed, NFC.
func cleanLine(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case dropRune(r):
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

// dropRune tells which runes no text needs: controls, and the direction
// overrides that make "exe.gpj" look like a picture.
func dropRune(r rune) bool {
	return r == 0x202d || r == 0x202e || r == 0xfeff ||
		(unicode.IsControl(r) && r != '\n' && r != '\t')
}

// isASCII reports whether s has 7-bit bytes only.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// referenceLimit is how many ids of one field are used; the last ones count.
const referenceLimit = 100

// messageIDs gives the ids of a field without angle brackets, in order.
func messageIDs(v string, guess *guesser) []string {
	if len(v) > 1<<17 {
		v = v[len(v)-1<<17:]
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
			if id := strings.Join(strings.Fields(rest[:end]), ""); id != "" && len(id) <= 500 {
				ids = append(ids, id)
			}
		}
		rest = rest[end:]
	}
	if ids == nil { // some write ids without brackets
		for _, id := range strings.FieldsFunc(v, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
			id = strings.Trim(id, "<>")
			if strings.Contains(id, "@") && len(id) <= 500 {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > referenceLimit {
		ids = ids[len(ids)-referenceLimit:]
	}
	for i, id := range ids {
		ids[i] = toUTF8([]byte(id), "", guess)
	}
	return ids
}

// references gives what a mail answers, best first: In-Reply-To, then References
// from right to left, each once.
func references(h headers) []string {
	ids := messageIDs(h.raw("In-Reply-To"), h.guess)
	refs := messageIDs(strings.Join(h.all("References"), " "), h.guess)
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

// dateNoise is what mailers add to dates: comments, German "Uhr".
var dateNoise = regexp.MustCompile(`\s*\([^)]*\)|\s+(?:Uhr)\b`)

// date reads when a mail was written: Date, else the newest Received, else what
// the mailbox says.
func date(h headers, internal time.Time) time.Time {
	if t, ok := parseDate(h.text("Date")); ok {
		return t
	}
	received := h.all("Received")
	for _, v := range received[:min(len(received), 50)] {
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			if t, ok := parseDate(decodeHeader(v[i+1:], h.guess)); ok {
				return t
			}
		}
	}
	return internal
}

// zoneName is a zone that stands as a word behind the time, as old mailers write it.
var zoneName = regexp.MustCompile(`(:\d\d) ([A-Za-z]{1,5})( [+-]\d{4})?( |$)`)

// zoneOffsets are the zones that RFC 5322, section 4.3, knows by name.
func zoneOffsets() map[string]string {
	return map[string]string{"EDT": "-0400", "EST": "-0500", "CDT": "-0500", "CST": "-0600", "MDT": "-0600", "MST": "-0700", "PDT": "-0700", "PST": "-0800"}
}

// numericZone writes a zone as its offset; a name that RFC 5322 doesn't know says none.
// time.Parse would look names up in the zone of the machine.
func numericZone(v string) string {
	m := zoneName.FindStringSubmatch(v)
	if m == nil || strings.EqualFold(m[2], "AM") || strings.EqualFold(m[2], "PM") {
		return v
	}
	offset := cmp.Or(m[3], " "+cmp.Or(zoneOffsets()[strings.ToUpper(m[2])], "+0000"))
	return strings.Replace(v, m[0], m[1]+offset+m[4], 1)
}

// parseDate reads one date of a header; years before 1980 are clocks that were
// never set.
func parseDate(v string) (time.Time, bool) {
	if v == "" || len(v) > 200 {
		return time.Time{}, false
	}
	v = numericZone(dateNoise.ReplaceAllString(v, ""))
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
