package wamark

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// Parse turns a WhatsApp text into canonical Markdown that shows what WhatsApp shows:
// its marks act, everything else is text. Line ends stay line ends.
func Parse(text string) string {
	var out []string
	for i, piece := range strings.Split(cleanText(text), "```") {
		switch {
		case i%2 == 0:
			out = append(out, piece)
		default:
			out = append(out, "```"+piece)
		}
	}
	if len(out)%2 == 0 { // the last fence has no end: it is text
		out[len(out)-2] += out[len(out)-1]
		out = out[:len(out)-1]
	}
	return joinPieces(out)
}

// joinPieces joins texts and, at odd places, code.
func joinPieces(pieces []string) string {
	var blocks []string
	var line strings.Builder // of inline code, what belongs to the same lines
	for i, piece := range pieces {
		code := strings.TrimPrefix(piece, "```")
		switch {
		case i%2 == 0:
			line.WriteString("\x00t" + piece)
		case strings.Contains(strings.Trim(code, "\n"), "\n"):
			blocks = append(blocks, writeLines(line.String()), fencedCode(strings.Trim(code, "\n")))
			line.Reset()
		case strings.TrimSpace(code) == "":
			line.WriteString("\x00t" + piece + "```")
		default:
			line.WriteString("\x00c" + strings.Trim(code, "\n") + "\x00")
		}
	}
	blocks = append(blocks, writeLines(line.String()))
	var kept []string
	for _, b := range blocks {
		if b = strings.Trim(b, "\n"); b != "" {
			kept = append(kept, b)
		}
	}
	return strings.Join(kept, "\n\n")
}

// fencedCode writes a block of code with a fence that the code doesn't have.
func fencedCode(code string) string {
	return "````\n" + code + "\n````"
}

// Escape turns plain text into canonical Markdown that shows the same text: nothing in
// it acts. Line ends stay; of several empty lines one stays.
func Escape(text string) string {
	return writeParagraphs(cleanText(text), func(line string) string {
		return escapeLine(line, escapeInline)
	})
}

// cleanText drops what no text holds.
func cleanText(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if !strings.ContainsFunc(text, isChangedByClean) {
		return text
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\x00", "").Replace(text)
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

// isChangedByClean reports whether clean changes something about r.
func isChangedByClean(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// writeParagraphs writes a text line by line.
func writeParagraphs(text string, write func(string) string) string {
	var out strings.Builder
	blank := false
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line == "" {
			blank = out.Len() > 0
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		if blank {
			out.WriteByte('\n')
		}
		blank = false
		out.WriteString(write(line))
	}
	return out.String()
}

// listMarkLength returns the length of what begins a line of a list on WhatsApp: "- ", "* ", "12. ";
// 0 if a line is none.
func listMarkLength(line string) int {
	if strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") {
		return 2
	}
	digits := 0
	for digits < min(len(line), 9) && line[digits] >= '0' && line[digits] <= '9' {
		digits++
	}
	if digits == 0 || !strings.HasPrefix(line[digits:], ". ") {
		return 0
	}
	return digits + 2
}

// writeLines writes WhatsApp's lines. Code that stood between fences on one line is between
// "\x00c" and "\x00"; "\x00t" is text again.
func writeLines(text string) string {
	last := ""
	return writeParagraphs(text, func(line string) string {
		kind, out := "", ""
		bare := strings.TrimPrefix(line, "\x00t")
		switch {
		case strings.HasPrefix(bare, "> "):
			kind, out = "> ", "> "+escapeLine(strings.TrimLeft(bare[2:], " "), writeMarks)
		case listMarkLength(bare) > 0:
			mark := bare[:listMarkLength(bare)]
			out = escapeLine(strings.TrimLeft(bare[len(mark):], " "), writeMarks)
			if kind = "list"; mark == "* " {
				mark = "- "
			}
			out = mark + out
		default:
			out = escapeLine(bare, writeMarks)
		}
		if last != "" && kind != last { // what follows a list or a quote is no part of it
			out = "\n" + out
		}
		last = kind
		return out
	})
}

// writeMarks writes a line with its inline marks.
func writeMarks(line string) string {
	var out strings.Builder
	for i, piece := range strings.Split(line, "\x00") {
		switch {
		case i == 0:
			out.WriteString(writeInline(piece, 0))
		case strings.HasPrefix(piece, "c"):
			out.WriteString(codeSpan(piece[1:]))
		default:
			out.WriteString(writeInline(strings.TrimPrefix(piece, "t"), 0))
		}
	}
	return out.String()
}

// codeSpan writes code inside a line.
func codeSpan(code string) string {
	ticks := strings.Repeat("`", markdown.LongestRun(code, '`')+1)
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		code = " " + code + " "
	}
	return ticks + code + ticks
}

// maxNesting bounds marks inside marks.
const maxNesting = 4

// writeInline writes text with WhatsApp's marks as Markdown.
func writeInline(s string, depth int) string {
	if depth == maxNesting {
		return escapeInline(s)
	}
	var out strings.Builder
	from, urls, ends := 0, markdown.FindURLs(s), findMarkEnds(s)
	for i := 0; i < len(s); {
		if len(urls) > 0 && urls[0][0] <= i { // marks in an address are none
			i, urls = max(i, urls[0][1]), urls[1:]
			continue
		}
		end := -1
		if mayOpenMark(s, i) {
			end = ends.next(s[i], i+2)
		}
		if end < 0 {
			i++
			continue
		}
		out.WriteString(escapeInline(s[from:i]))
		inner := s[i+1 : end]
		switch s[i] {
		case '`':
			out.WriteString(codeSpan(inner))
		case '*':
			out.WriteString("**" + writeInline(inner, depth+1) + "**")
		case '_':
			out.WriteString("*" + writeInline(inner, depth+1) + "*")
		case '~':
			out.WriteString("~~" + writeInline(inner, depth+1) + "~~")
		}
		i = end + 1
		from = i
	}
	out.WriteString(escapeInline(s[from:]))
	return out.String()
}

// signIndex numbers WhatsApp's marks inside a line; -1 for what is none.
func signIndex(c byte) int {
	switch c {
	case '*':
		return 0
	case '_':
		return 1
	case '~':
		return 2
	case '`':
		return 3
	}
	return -1
}

// mayOpenMark reports whether s[i] is a mark that may begin something.
func mayOpenMark(s string, i int) bool {
	if signIndex(s[i]) < 0 || i > 0 && (isWordBefore(s, i) || s[i-1] == s[i]) || i+2 >= len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i+1:])
	return !unicode.IsSpace(r) && s[i+1] != s[i]
}

// markEnds are the places where marks may end, for each of the signs.
type markEnds [4][]int

// findMarkEnds finds all of them at once: looking for the end of each mark that opens would take
// quadratic time.
func findMarkEnds(s string) markEnds {
	var ends markEnds
	for i := 2; i < len(s); i++ {
		n := signIndex(s[i])
		if n < 0 {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		if !unicode.IsSpace(before) && (i+1 == len(s) || !isWordRune(after) && after != rune(s[i])) {
			ends[n] = append(ends[n], i)
		}
	}
	return ends
}

// next returns the first end of a mark from a place on, which is never before the last one
// asked for; -1 if there is none.
func (e *markEnds) next(mark byte, from int) int {
	list := &e[signIndex(mark)]
	for len(*list) > 0 && (*list)[0] < from {
		*list = (*list)[1:]
	}
	if len(*list) == 0 {
		return -1
	}
	return (*list)[0]
}

func isWordBefore(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return isWordRune(r)
}
