package message

import "strings"

// This file finds the quoted strings and comments in address fields, whose punctuation isn't that of addresses.

// maskText replaces the bytes of Japanese text, quoted strings and comments by "x", so that the remaining punctuation is
// that between and within addresses. Parentheses within quotes, and quotes within a comment, are ordinary text. A quote or
// parenthesis that is never closed isn't replaced. A quote after a digit opens nothing: it stands for inches.
func maskText(v string) string {
	masked := []byte(maskJapanese(v))
	var noQuotes, noComments bool // no later one is closed: keeps hostile input from being read again and again
	for i := 0; i < len(masked); {
		length := 0
		switch {
		case masked[i] == '"' && !noQuotes && !isInchMark(v, i):
			length = quotesLength(masked[i:])
			noQuotes = length == 0
		case masked[i] == '(' && !noComments:
			length = commentLength(masked[i:])
			noComments = length == 0
		}

		for k := range length {
			masked[i+k] = 'x'
		}
		i += max(length, 1)
	}
	return string(masked)
}

// isInchMark reports whether the quote at index i of v follows a digit, as in the name 19" Racks.
func isInchMark(v string, i int) bool { return i > 0 && v[i-1] >= '0' && v[i-1] <= '9' }

// maskJapanese replaces the bytes of text in ISO-2022-JP, which look like ASCII, by "x". The text ends with the escape
// sequence that switches back to ASCII.
func maskJapanese(v string) string {
	const asciiEscape = "\x1b(" // followed by B or J
	var out strings.Builder
	for {
		start := strings.Index(v, jisEscape)
		if start < 0 {
			break
		}
		length := strings.Index(v[start:], asciiEscape)
		if length < 0 {
			break
		}

		end := min(start+length+len(asciiEscape)+1, len(v))
		out.WriteString(v[:start])
		out.WriteString(strings.Repeat("x", end-start))
		v = v[end:]
	}
	out.WriteString(v)
	return out.String()
}

// quotesLength returns the length of the quoted string that v begins with, or 0 if it isn't closed.
func quotesLength(v []byte) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// commentLength returns the length of the comment, which may contain others, that v begins with, or 0 if it isn't closed.
func commentLength(v []byte) int {
	depth := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return i + 1
		}
	}
	return 0
}

// maxCommentedBytes is the length of the text in which comments are looked for. Each parenthesis is searched for its end, so
// hostile input must not be longer.
const maxCommentedBytes = 2000

// withoutComments removes the comments from an address: ann@acme.test for ann(my account)@acme.test (RFC 5322 appendix
// A.5). Parentheses within quotes are part of the address.
func withoutComments(address string) string {
	if len(address) > maxCommentedBytes || strings.IndexByte(address, '(') < 0 {
		return address
	}

	var out strings.Builder
	for rest := []byte(address); len(rest) > 0; {
		length := 1
		switch rest[0] {
		case '(':
			if comment := commentLength(rest); comment > 0 {
				rest = rest[comment:]
				continue
			}
		case '"':
			length = max(quotesLength(rest), 1)
		}
		out.Write(rest[:length])
		rest = rest[length:]
	}
	return out.String()
}
