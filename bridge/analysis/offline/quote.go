package offline

import (
	"strings"
	"unicode/utf8"
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
			found = append(found, span{at, end})
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
		closers := closing(r)
		if closers == "" || !opens(line, i, n, r) {
			i += n
			continue
		}
		length := closeAt(line[i+n:min(len(line), i+n+longestQuote)], closers, r)
		if length < 0 {
			i += n
			continue
		}
		found = append(found, span{base + i + n, base + i + n + length})
		i += n + length + 1
	}
	return found
}

// closing gives the marks that close a quotation which a mark opens, "" if it opens none.
func closing(r rune) string {
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

// opens says whether a mark stands where a quotation begins: behind a space, before a word.
func opens(line string, i, n int, r rune) bool {
	if i+n >= len(line) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(line[:i])
	if i > 0 && isWordRune(before) {
		return false
	}
	after, _ := utf8.DecodeRuneInString(line[i+n:])
	if r == '»' || r == '\'' || r == '‘' {
		return isWordRune(after)
	}
	return true
}

// closeAt finds the closing mark. A single mark within a word is an apostrophe.
func closeAt(rest, closers string, opened rune) int {
	single := opened == '\'' || opened == '‘' || opened == '‚'
	for i, r := range rest {
		if !strings.ContainsRune(closers, r) {
			continue
		}
		if single {
			after, _ := utf8.DecodeRuneInString(rest[i+utf8.RuneLen(r):])
			if isWordRune(after) {
				continue
			}
		}
		return i
	}
	return -1
}
