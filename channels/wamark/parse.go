package wamark

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// Parse turns a WhatsApp text into canonical Markdown that shows what WhatsApp shows: WhatsApp's marks become
// formatting, and everything else is text. Line ends are kept.
func Parse(text string) string {
	var out []string
	for i, piece := range strings.Split(cleanText(text), "```") {
		if i%2 == 1 { // inside of a fence
			piece = "```" + piece
		}
		out = append(out, piece)
	}
	if len(out)%2 == 0 { // the last fence has no end, so it is text
		out[len(out)-2] += out[len(out)-1]
		out = out[:len(out)-1]
	}
	return joinPieces(out)
}

// joinPieces joins pieces to Markdown. Those at even places are text, those at odd places code.
func joinPieces(pieces []string) string {
	var blocks []string
	var line strings.Builder // text, and code that belongs into its lines; see writeLines
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

// fencedCode returns a block of code between fences of four backticks. No code contains these, because it stood
// between fences of three.
func fencedCode(code string) string {
	return "````\n" + code + "\n````"
}

// Escape turns plain text into canonical Markdown that shows the same text, without any formatting. Line ends are
// kept; of several empty lines one is kept.
func Escape(text string) string {
	return writeParagraphs(cleanText(text), func(line string) string {
		return escapeLine(line, escapeInline)
	})
}

// cleanText removes control characters and makes all line ends the same.
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

// isChangedByClean reports whether cleanText removes or replaces r.
func isChangedByClean(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// writeParagraphs returns a text whose lines are written by write. It keeps one of several empty lines.
func writeParagraphs(text string, write func(string) string) string {
	var out strings.Builder
	blank := false // an empty line stands before the next line
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

// maxListDigits is how many digits the number of a list item may have.
const maxListDigits = 9

// listMarkLength returns the length of the mark with which a line of a list begins on WhatsApp: "- ", "* ",
// "12. ". It returns 0 for a line that is not in a list.
func listMarkLength(line string) int {
	if strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") {
		return 2
	}
	digits := 0
	for digits < min(len(line), maxListDigits) && line[digits] >= '0' && line[digits] <= '9' {
		digits++
	}
	if digits == 0 || !strings.HasPrefix(line[digits:], ". ") {
		return 0
	}
	return digits + 2
}

// writeLines returns WhatsApp's lines as Markdown. Code that stood between fences on one line is between "\x00c"
// and "\x00" in text; "\x00t" begins text again.
func writeLines(text string) string {
	last := "" // the kind of the line before: "> " for a quote, "list", or ""
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
		if last != "" && kind != last { // an empty line ends the list or quote before
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
	from := 0 // what stands before is written
	urls := markdown.FindURLs(s)
	ends := findMarkEnds(s)
	for i := 0; i < len(s); {
		if len(urls) > 0 && urls[0][0] <= i { // signs in an address are no marks
			i = max(i, urls[0][1])
			urls = urls[1:]
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

// signIndex returns the number of one of WhatsApp's marks inside a line, or -1 for other characters.
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
	if signIndex(s[i]) < 0 || i+2 >= len(s) {
		return false
	}
	if i > 0 && (isWordBefore(s, i) || s[i-1] == s[i]) {
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

// next returns the first end of a mark from a place on, or -1 if there is none. It forgets the ends before that
// place: later calls must not ask for earlier places.
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
