package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold returns a text in which digits of all scripts, wide letters, spaces and dashes have their plain form, and backslashes
// that escape a sign in Markdown are invisible, and the place in the text for each place of it. A byte that is no character
// stays one.
func fold(text string) (folded string, places []int) {
	var out strings.Builder
	places = make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		before := out.Len()

		if r == utf8.RuneError && size == 1 {
			out.WriteByte(' ')
		} else if r == '\\' && isEscapable(text[i+1:]) {
			out.WriteString(invisible)
		} else {
			out.WriteRune(foldRune(r))
		}

		for range out.Len() - before {
			places = append(places, i)
		}

		i += size
	}

	return out.String(), append(places, len(text))
}

// isEscapable reports whether a text begins with a sign that a backslash escapes in Markdown.
func isEscapable(text string) bool {
	return text != "" && text[0] < utf8.RuneSelf && (unicode.IsPunct(rune(text[0])) || unicode.IsSymbol(rune(text[0])))
}

func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return foldASCII(r)
	case '！' <= r && r <= '～': // the wide forms of ASCII
		return r - '！' + '!'
	case r == '﹫':
		return '@'
	case unicode.Is(unicode.Nd, r):
		return asciiDigit(r)
	case unicode.Is(unicode.Cf, r): // see invisible
		return '\u200b'
	case unicode.Is(unicode.Dash, r):
		return '-'
	case unicode.IsSpace(r):
		return ' '
	}

	return r
}

// foldASCII returns a space for a tab and the end of a line, because a number may go on in the next line.
func foldASCII(r rune) rune {
	switch r {
	case '\t', '\n', '\r':
		return ' '
	}
	return r
}

// asciiDigit returns the digit that a decimal digit of any script stands for: Unicode keeps each ten in a row.
func asciiDigit(r rune) rune {
	first := r
	for unicode.Is(unicode.Nd, first-1) {
		first--
	}
	return '0' + (r-first)%10
}
