package rawmail

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxParamBytes is how much of a Content-Type or Content-Disposition is read.
const maxParamBytes = 16 << 10

// ParseParams reads a field like Content-Type: its value in lower case and its parameters. A long or non-ASCII parameter may be split into
// pieces (RFC 2231): name*0="Offer for "; name*1="2026.pdf". ParseParams never fails: it reads missing quotes, stray semicolons and unknown
// charsets as their author meant them.
func ParseParams(v string, guess *Guesser) (value string, params map[string]string) {
	if len(v) > maxParamBytes {
		v = v[:maxParamBytes]
	}

	beforeParams, rest, _ := strings.Cut(v, ";")
	beforeComment, _, _ := strings.Cut(beforeParams, "(")
	value = strings.ToLower(strings.Trim(FirstWord(beforeComment), "\"'<>"))
	params = map[string]string{}
	extended := map[string]map[int]piece{}
	for rest != "" {
		p, behind := nextParam(rest)
		rest = behind
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

		if _, isThere := params[name.base]; !isThere { // of a parameter that is written twice, the first one counts
			params[name.base] = p.value
		}
	}

	for base, pieces := range extended {
		params[base] = joinPieces(pieces, guess) // it counts more than a plain value, which is for old programs
	}

	return value, params
}

// param is one parameter of a field, as it is written: its value has no quotes, but is not decoded.
type param struct{ name, value string }

// nextParam returns the first name=value of a list of parameters, and the rest of the list. The parameter is
// empty if the text before the next semicolon has no "=".
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
		value, behind := readQuoted(quoted)
		_, rest, _ := strings.Cut(behind, ";")
		return param{name, value}, rest
	}

	value, rest, _ := strings.Cut(s, ";")
	return param{name, strings.TrimSpace(value)}, rest
}

// readQuoted returns the text up to the next quote, and what stands behind the quote. A backslash before a quote
// or a backslash is dropped. All other backslashes stay, because mailers don't escape the paths of Windows.
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

// maxPieceNumber is the highest number of a piece that is read.
const maxPieceNumber = 999

// piece is one part of an RFC 2231 value.
type piece struct {
	text    string
	encoded bool // it has %XX, and the first piece may begin with charset'language'
}

// paramName is the name of a parameter, split by RFC 2231: filename*1* is the encoded piece 1 of filename.
type paramName struct {
	base    string
	isPiece bool // the value is encoded, or a piece of a longer value
	number  int  // of the piece; 0 if the name has none
	encoded bool
}

// splitParamName splits the name of a parameter.
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

// joinPieces joins the pieces of an RFC 2231 value and converts it to UTF-8.
func joinPieces(pieces map[int]piece, guess *Guesser) string {
	order := make([]int, 0, len(pieces))
	for n := range pieces {
		order = append(order, n)
	}

	slices.Sort(order)
	charset := ""
	var b []byte
	for i, n := range order {
		text := pieces[n].text
		if i == 0 && pieces[n].encoded { // charset'language'text
			before, behind, _ := strings.Cut(text, "'")
			if _, value, ok := strings.Cut(behind, "'"); ok {
				charset, text = before, value
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

// DecodePercent decodes %XX, which RFC 2231 and data: addresses use. It keeps a % that begins no code.
func DecodePercent(text string) []byte {
	return decodeQuotedPrintable([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "=", "=3D"), "%", "=")))
}

// FileName returns the name of a part's file without folders, or "" if the part has no name. disposition and
// ctype are the parameters of Content-Disposition and Content-Type.
func FileName(disposition, ctype map[string]string, guess *Guesser) string {
	for _, name := range []string{disposition["filename"], ctype["name"], ctype["filename"], ctype["file"], disposition["name"]} {
		if name = SafeFileName(DecodeHeader(name, guess)); name != "" {
			return name
		}
	}
	return ""
}

// Limits of a file name: its length, and the length of an extension, with the dot, that is kept when the name is
// shortened. A longer "extension" is text behind a dot: "Offer v1.2 for the trade fair".
const (
	maxFileNameRunes  = 150
	maxExtensionBytes = 12
)

// SafeFileName returns a file name without folders, and with _ in place of characters that file systems
// refuse. A long name is shortened but keeps its extension.
func SafeFileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) || r < ' ' {
			return '_'
		}
		return r
	}, name)

	name = strings.Trim(name, " .")
	if runes := []rune(name); len(runes) > maxFileNameRunes {
		ext := ""
		dot := strings.LastIndexByte(name, '.')
		if dot >= 0 && len(name)-dot <= maxExtensionBytes {
			ext = name[dot:]
		}

		name = string(runes[:maxFileNameRunes-len(ext)]) + ext
	}

	return name
}

// FirstWord returns the first word of a field, without the comments that may follow.
func FirstWord(s string) string {
	if fields := strings.Fields(s); len(fields) > 0 {
		return strings.Trim(fields[0], ";,.")
	}
	return ""
}

// ContentID returns the id by which HTML refers to a part (RFC 2392), or "" if the part has none.
func ContentID(h Header) string { return CleanContentID(h.Raw("Content-Id")) }

// maxContentIDBytes is longer than the ids of any mailer.
const maxContentIDBytes = 300

// CleanContentID makes content ids comparable: without brackets and "cid:", URL-decoded. It returns "" for an id
// that is too long: no picture is found by it.
func CleanContentID(id string) string {
	const scheme = "cid:"
	id = strings.Trim(strings.TrimSpace(id), "<>")
	if len(id) > len(scheme) && strings.EqualFold(id[:len(scheme)], scheme) {
		id = id[len(scheme):]
	}
	if decoded, err := url.PathUnescape(id); err == nil {
		id = decoded // an id that isn't a URL code stays as it is
	}
	if len(id) > maxContentIDBytes {
		return ""
	}
	return CleanLine(strings.ToValidUTF8(id, "\uFFFD"))
}

// InventFileName names the nth file of a mail, from 1, that came without a name: "part-2.jpg".
// ctype is its type in lower case.
func InventFileName(n int, ctype string) string {
	ext := map[string]string{
		"text/plain": ".txt", "text/html": ".html", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png",
		"image/gif": ".gif", "application/pdf": ".pdf", "message/rfc822": ".eml", "text/rfc822-headers": ".txt",
		"audio/mpeg": ".mp3", "video/mp4": ".mp4", "image/tiff": ".tif", "image/webp": ".webp", "image/heic": ".heic",
	}[ctype]
	if ext == "" {
		ext = ".bin" // not package mime, whose tables differ from machine to machine
	}
	return fmt.Sprintf("part-%d%s", n, ext)
}
