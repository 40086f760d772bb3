package offline

import (
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis/offline/wordform"
)

// maxQuoteBytes is the maximum length of a quotation. Quotation marks that are further apart don't belong together.
const maxQuoteBytes = 600

// quotesIn returns the quotations in a text, in order: lines that start with ">", and text in quotation marks within a
// line, as in: They told me “not our problem”. Quoted words count less than the customer's own.
func quotesIn(all string) []span {
	var found []span
	offset := 0
	for line := range strings.SplitSeq(all, "\n") {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), ">") {
			found = append(found, span{from: offset, to: offset + len(line)})
		} else {
			found = append(found, quotesInLine(line, offset)...)
		}
		offset += len(line) + 1
	}
	return found
}

// quotesInLine returns the text in quotation marks in a line that starts at an offset.
func quotesInLine(line string, offset int) []span {
	var found []span
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRuneInString(line[i:])
		closers := closersOf(r)
		i += n
		if closers == "" || !canOpen(line[:i-n], line[i:], r) {
			continue
		}

		length := findCloser(line[i:min(len(line), i+maxQuoteBytes)], closers, r)
		if length < 0 {
			continue
		}

		found = append(found, span{from: offset + i, to: offset + i + length})
		i += length + 1
	}

	return found
}

// closersOf returns the marks that can close a quotation opened by r, or "" if r can't open one.
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

// canOpen reports whether a mark opens a quotation, given the text before and after it. It must not follow a word. A mark
// that can also be an apostrophe or a closing mark must precede a word.
func canOpen(before, after string, mark rune) bool {
	if after == "" {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	if wordform.IsWordRune(last) {
		return false
	}
	switch mark {
	case '»', '\'', '‘':
		next, _ := utf8.DecodeRuneInString(after)
		return wordform.IsWordRune(next)
	}
	return true
}

// findCloser returns the index of the closing mark in rest, or -1. A single quotation mark within a word is an apostrophe.
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
