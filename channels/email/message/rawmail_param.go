package message

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxParamBytes is the maximum length of a field that ParseParams reads.
const rawmailMaxParamBytes = 16 << 10

// ParseParams parses a field such as Content-Type. It returns the value in lower case, and the decoded parameters. Unlike
// mime.ParseMediaType, it never fails: it tolerates missing quotes, stray semicolons and unknown charsets. A long or
// non-ASCII parameter may be split into pieces (RFC 2231), which ParseParams joins:
//
//	application/pdf; name*0="Offer for "; name*1="2026.pdf"
func ParseParams(v string, guess *Guesser) (value string, params map[string]string) {
	if len(v) > rawmailMaxParamBytes {
		v = v[:rawmailMaxParamBytes]
	}

	beforeParams, rest, _ := strings.Cut(v, ";")
	beforeComment, _, _ := strings.Cut(beforeParams, "(")
	value = strings.ToLower(strings.Trim(FirstWord(beforeComment), "\"'<>"))
	params = map[string]string{}
	extended := map[string]map[int]piece{}
	for rest != "" {
		var p param
		p, rest = nextParam(rest)
		name := splitParamName(p.name)
		if name.base == "" {
			continue
		}

		if name.isPiece {
			if extended[name.base] == nil {
				extended[name.base] = map[int]piece{}
			}
			extended[name.base][name.number] = piece{text: p.value, encoded: name.encoded}
			continue
		}

		if _, isDuplicate := params[name.base]; !isDuplicate {
			params[name.base] = p.value
		}
	}

	for base, pieces := range extended {
		params[base] = joinPieces(pieces, guess) // takes precedence over a plain value, which is meant for old programs
	}

	return value, params
}

// param is one parameter of a field. Its value is unquoted but not decoded.
type param struct{ name, value string }

// nextParam returns the first parameter of a list and the rest of the list. The parameter is empty if the text up to the
// next semicolon has no "=".
func nextParam(s string) (p param, rest string) {
	s = strings.TrimLeft(s, "; \t\r\n")
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return param{}, ""
	}
	if s[end] == ';' {
		return param{}, s[end+1:]
	}

	name := strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t\r\n")
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		value, after := readQuoted(quoted)
		_, rest, _ := strings.Cut(after, ";")
		return param{name, value}, rest
	}

	value, rest, _ := strings.Cut(s, ";")
	return param{name, strings.TrimSpace(value)}, rest
}

// readQuoted returns the text up to the next quote, and the rest after the quote. It removes a backslash only before a
// quote or another backslash, because many programs don't escape the backslashes in Windows paths.
func readQuoted(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			return b.String(), s[i+1:]
		}
		if s[i] == '\\' && i+1 < len(s) {
			if next := s[i+1]; next == '"' || next == '\\' {
				i++
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// maxPieceNumber is the highest accepted number of a piece.
const maxPieceNumber = 999

// piece is one piece of an RFC 2231 value.
type piece struct {
	text    string
	encoded bool // percent-encoded; the first piece may begin with charset'language'
}

// paramName is the parsed name of a parameter (RFC 2231): filename*1* is the encoded piece 1 of filename.
type paramName struct {
	base    string
	isPiece bool // the value is encoded, or a piece of a longer value
	number  int  // of the piece; 0 if there is only one
	encoded bool
}

func splitParamName(name string) paramName {
	base, tail, hasStar := strings.Cut(name, "*")
	if !hasStar {
		return paramName{base: base}
	}
	encoded := tail == "" || strings.HasSuffix(tail, "*")
	number, err := strconv.Atoi(strings.TrimSuffix(tail, "*"))
	isInRange := number >= 0 && number <= maxPieceNumber
	if err != nil || !isInRange {
		return paramName{base: base, isPiece: encoded, encoded: encoded}
	}
	return paramName{base: base, isPiece: true, number: number, encoded: encoded}
}

// joinPieces joins the pieces of an RFC 2231 value and converts the result to UTF-8.
func joinPieces(pieces map[int]piece, guess *Guesser) string {
	charset := ""
	var b []byte
	for i, n := range slices.Sorted(maps.Keys(pieces)) {
		text := pieces[n].text
		if i == 0 && pieces[n].encoded { // charset'language'text
			label, after, _ := strings.Cut(text, "'")
			if _, value, ok := strings.Cut(after, "'"); ok {
				charset, text = label, value
			}
		}

		if pieces[n].encoded {
			b = append(b, DecodePercent(text)...)
		} else {
			b = append(b, text...)
		}
	}

	return ToUTF8(b, charset, guess)
}

// DecodePercent decodes percent-encoded text, as in RFC 2231 and data: URLs. It keeps a "%" that isn't followed by two
// hexadecimal digits.
func DecodePercent(text string) []byte {
	return decodeQuotedPrintable([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "=", "=3D"), "%", "=")))
}

// FileName returns the safe file name of a part, or "" if it has none. disposition and ctype are the parameters of
// Content-Disposition and Content-Type; programs use several of them for the name.
func FileName(disposition, ctype map[string]string, guess *Guesser) string {
	for _, name := range []string{disposition["filename"], ctype["name"], ctype["filename"], ctype["file"], disposition["name"]} {
		if name = SafeFileName(DecodeHeader(name, guess)); name != "" {
			return name
		}
	}
	return ""
}

// The limits of file names. A longer "extension" is text after a dot, as in "Offer v1.2 for the trade fair".
const (
	rawmailMaxFileNameRunes = 150
	maxExtensionBytes       = 12 // including the dot
)

// SafeFileName returns a file name without folders, and with "_" instead of characters that file systems refuse. It
// shortens a long name but keeps its extension. The result may be "".
func SafeFileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) || r < ' ' {
			return '_'
		}
		return r
	}, name)

	name = strings.Trim(name, " .")
	if runes := []rune(name); len(runes) > rawmailMaxFileNameRunes {
		ext := ""
		dot := strings.LastIndexByte(name, '.')
		if dot >= 0 && len(name)-dot <= maxExtensionBytes {
			ext = name[dot:]
		}

		name = string(runes[:rawmailMaxFileNameRunes-len(ext)]) + ext
	}

	return name
}

// FirstWord returns the first word of a field without trailing punctuation, or "" if there is none.
func FirstWord(s string) string {
	if fields := strings.Fields(s); len(fields) > 0 {
		return strings.Trim(fields[0], ";,.")
	}
	return ""
}

// ContentID returns the ID by which an HTML text refers to a part (RFC 2392), or "" if the part has none.
func ContentID(h Header) string { return CleanContentID(h.Raw("Content-Id")) }

// maxContentIDBytes is longer than the Content-IDs of any mail program.
const maxContentIDBytes = 300

// CleanContentID normalizes a Content-ID, so that those of parts and of cid: URLs can be compared: it removes brackets
// and "cid:" and decodes percent-encoding. It returns "" for an ID that is too long.
func CleanContentID(id string) string {
	const scheme = "cid:"
	id = strings.Trim(strings.TrimSpace(id), "<>")
	if len(id) > len(scheme) && strings.EqualFold(id[:len(scheme)], scheme) {
		id = id[len(scheme):]
	}
	if decoded, err := url.PathUnescape(id); err == nil {
		id = decoded
	}
	if len(id) > maxContentIDBytes {
		return ""
	}
	return CleanLine(strings.ToValidUTF8(id, "\uFFFD"))
}

// InventFileName returns a name such as "part-2.jpg" for the nth file of a mail, counted from 1, that has no name. ctype
// is its media type in lower case.
func InventFileName(n int, ctype string) string {
	ext := map[string]string{
		"text/plain": ".txt", "text/html": ".html", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png",
		"image/gif": ".gif", "application/pdf": ".pdf", "message/rfc822": ".eml", "text/rfc822-headers": ".txt",
		"audio/mpeg": ".mp3", "video/mp4": ".mp4", "image/tiff": ".tif", "image/webp": ".webp", "image/heic": ".heic",
	}[ctype]
	if ext == "" {
		ext = ".bin" // mime.ExtensionsByType isn't used, since its result depends on the machine
	}
	return fmt.Sprintf("part-%d%s", n, ext)
}
