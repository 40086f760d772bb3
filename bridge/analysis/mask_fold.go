package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold returns a text in the form in which Find searches it: digits of all scripts, wide letters, spaces and dashes become
// their ASCII form, and backslashes that escape Markdown become invisible characters. "＋４９\_１" becomes "+49\u200b_1". Links
// have addresses and numbers with escapes: "kim%40example.com" becomes "kim@example.com".
//
// offsets[i] is the offset in text of the character that became folded[i]. It has one more element for the end of the
// text. A byte that isn't valid UTF-8 becomes one space.
func fold(text string) (folded string, offsets []int) {
	var out strings.Builder
	offsets = make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		lengthBefore := out.Len()

		isInvalid := r == utf8.RuneError && size == 1
		unescaped, isEscape := unescapeAt(text, i)
		switch {
		case isEscape:
			out.WriteString(unescaped)
			size = escapeLength
		case isInvalid:
			out.WriteByte(' ')
		case r == '\\' && isEscapable(text[i+1:]):
			out.WriteString(invisible)
		default:
			out.WriteRune(foldRune(r))
		}

		for range out.Len() - lengthBefore {
			offsets = append(offsets, i)
		}

		i += size
	}

	return out.String(), append(offsets, len(text))
}

const escapeLength = len("%40")

// unescapeAt returns what an escape of a link at an offset stands for, if it may be part of an address or a number. Spaces
// and brackets become invisible, because they may be part of both.
func unescapeAt(text string, offset int) (unescaped string, isEscape bool) {
	if text[offset] != '%' || offset+escapeLength > len(text) {
		return "", false
	}
	switch strings.ToUpper(text[offset : offset+escapeLength]) {
	case "%40":
		return "@", true
	case "%2B":
		return "+", true
	case "%20", "%28", "%29":
		return invisible, true
	}
	return "", false
}

// isEscapable reports whether a text begins with a character that can be escaped by a backslash in Markdown.
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
	case unicode.Is(unicode.Cf, r), r == '\ufe0f', r == '\u20e3': // the last two make a digit the key of a telephone
		return '\u200b' // the constant invisible
	case r == '·', r == '•', r == '‧':
		return '.'
	case unicode.Is(unicode.Dash, r):
		return '-'
	case unicode.IsSpace(r):
		return ' '
	}

	return r
}

// foldASCII turns tabs and line ends into spaces, because a number may continue on the next line.
func foldASCII(r rune) rune {
	switch r {
	case '\t', '\n', '\r':
		return ' '
	}
	return r
}
