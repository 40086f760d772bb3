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

// ParseParams reads a field like Content-Type: its value in lower case and its parameters, including
// RFC 2231 pieces and charsets. It never fails: values without quotes, stray semicolons and unknown
// charsets are read as their author meant them.
func ParseParams(v string, guess *Guesser) (value string, params map[string]string) {
	if len(v) > maxParamBytes {
		v = v[:maxParamBytes]
	}
	value, rest, _ := strings.Cut(v, ";")
	value, _, _ = strings.Cut(value, "(")
	value = strings.ToLower(strings.Trim(FirstWord(value), "\"'<>"))
	params = map[string]string{}
	extended := map[string]map[int]piece{}
	for rest != "" {
		var name, text string
		name, text, rest = nextParam(rest)
		base, n, encoded := splitParamName(name)
		switch {
		case base == "":
		case n < 0 && !encoded:
			if _, twice := params[base]; !twice {
				params[base] = text
			}
		default:
			if extended[base] == nil {
				extended[base] = map[int]piece{}
			}
			extended[base][max(n, 0)] = piece{text, encoded}
		}
	}
	for base, pieces := range extended {
		params[base] = joinPieces(pieces, guess)
	}
	return value, params
}

// nextParam returns the first name=value of a list of parameters, and the rest of the list.
func nextParam(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t\r\n")
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", "", ""
	}
	if s[end] == ';' {
		return "", "", s[end+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t\r\n")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			_, rest, _ = strings.Cut(s[i+1:], ";")
			return name, b.String(), rest
		default:
			b.WriteByte(s[i])
		}
	}
	return name, b.String(), ""
}

// maxPieceNumber is the highest number of a piece that is read.
const maxPieceNumber = 999

// piece is one part of an RFC 2231 value.
type piece struct {
	text    string
	encoded bool // it has %XX, and the first piece may begin with charset'language'
}

// splitParamName splits a name like filename*1* into the base name, the number of the piece, and whether the
// piece is encoded. The number is -1 if the name has none.
func splitParamName(name string) (base string, number int, encoded bool) {
	base, tail, found := strings.Cut(name, "*")
	if !found {
		return base, -1, false
	}
	encoded = tail == "" || strings.HasSuffix(tail, "*")
	number, err := strconv.Atoi(strings.TrimSuffix(tail, "*"))
	if err != nil || number < 0 || number > maxPieceNumber {
		number = -1
	}
	return base, number, encoded
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
		if i == 0 && pieces[n].encoded {
			if parts := strings.SplitN(text, "'", 3); len(parts) == 3 {
				charset, text = parts[0], parts[2]
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

// maxFileNameRunes is the longest file name that is kept.
const maxFileNameRunes = 150

// SafeFileName returns a file name without folders, and with _ in place of characters that file systems
// refuse. A long name is shortened but keeps its extension.
func SafeFileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) || r < 0x20 {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if runes := []rune(name); len(runes) > maxFileNameRunes {
		ext := ""
		if i := strings.LastIndexByte(name, '.'); i >= 0 && len(name)-i <= 12 {
			ext = name[i:]
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
func ContentID(h Header) string {
	return CleanContentID(h.Raw("Content-Id"))
}

// CleanContentID makes content ids comparable: without brackets and "cid:", URL-decoded.
func CleanContentID(id string) string {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	if len(id) > 4 && strings.EqualFold(id[:4], "cid:") {
		id = id[4:]
	}
	if decoded, err := url.PathUnescape(id); err == nil {
		id = decoded
	}
	if len(id) > 300 {
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
