package offline

import (
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis/offline/wordform"
)

// longestQuote bounds how far quotation marks reach, in bytes: marks that lie further apart belong to
// different quotations.
const longestQuote = 600

// quotesIn finds what a text quotes, in order: lines behind a ">", and what stands in quotation marks within
// a paragraph.
func quotesIn(all string) []span {
	var found []span
	at := 0
	for at < len(all) {
		end := strings.IndexByte(all[at:], '\n')
		if end < 0 {
			end = len(all)
		} else {
			end += at
		}

		line := all[at:end]
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), ">") {
			found = append(found, span{from: at, to: end})
		} else {
			found = quotesInLine(found, line, at)
		}

		at = end + 1
	}

	return found
}

func quotesInLine(found []span, line string, base int) []span {
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRuneInString(line[i:])
		closers := closersOf(r)
		i += n
		if closers == "" || !canOpen(line[:i-n], line[i:], r) {
			continue
		}

		length := findCloser(line[i:min(len(line), i+longestQuote)], closers, r)
		if length < 0 {
			continue
		}

		found = append(found, span{from: base + i, to: base + i + length})
		i += length + 1
	}

	return found
}

// closersOf returns the marks that close a quotation which this mark opens. It returns "" if the mark opens none.
func closersOf(r rune) string {
	switch r {
	case '"', '＂':
		return "\"”＂"
	case '“':
		return "”\"“"
	case '„':
		return "“”\""
	case '«':
		return "»"
	case '»':
		return "«"
	case '‘', '\'':
		return "’'"
	case '‚':
		return "‘'"
	}

	return ""
}

// canOpen reports whether a mark stands where a quotation begins: not behind a word, and before something. A mark that can also be
// an apostrophe, or close a quotation, must stand before a word.
func canOpen(before, behind string, mark rune) bool {
	if behind == "" {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	if wordform.IsWordRune(last) {
		return false
	}
	switch mark {
	case '»', '\'', '‘':
		next, _ := utf8.DecodeRuneInString(behind)
		return wordform.IsWordRune(next)
	}
	return true
}

// findCloser returns where the closing mark stands in rest. It returns -1 if there is none. A single mark within a word is an
// apostrophe.
func findCloser(rest, closers string, opened rune) int {
	isSingle := strings.ContainsRune("'‘‚", opened)
	for i, r := range rest {
		if !strings.ContainsRune(closers, r) {
			continue
		}

		if isSingle {
			after, _ := utf8.DecodeRuneInString(rest[i+utf8.RuneLen(r):])
			if wordform.IsWordRune(after) {
				continue
			}
		}

		return i
	}

	return -1
}
