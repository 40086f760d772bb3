package engine

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wordsOf returns the words of a line of Markdown in lower case, as its reader sees them: without marks, invisible
// characters and the addresses of links, which mail programs change when they quote. A line that has nothing else keeps
// its addresses.
func quoteWordsOf(text string) []string {
	if fence := strings.TrimLeft(text, " "); strings.HasPrefix(fence, "```") || strings.HasPrefix(fence, "~~~") {
		return nil
	}
	words := splitWords(withoutTargets(text))
	if len(words) == 0 && strings.Contains(text, "://") {
		return splitWords(text)
	}
	return words
}

// splitWords splits a text into runs of letters and digits. Characters of scripts that don't separate words are words.
func splitWords(text string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9': // most characters; the tables below are slower
			word.WriteRune(r)
		case r < utf8.RuneSelf && !('A' <= r && r <= 'Z'):
			end()
		case isInvisible(r):
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			end()
			word.WriteRune(r)
			end()
		case unicode.In(r, unicode.L, unicode.N, unicode.M):
			word.WriteRune(unicode.ToLower(r))
		default:
			end()
		}
	}
	end()
	return words
}

// isInvisible reports whether a character shows nothing, such as a soft hyphen or the sign that makes an emoji coloured.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) || r == '\ufe0f' }

// maxTargetBytes is the length of the longest address, or label of a picture, that is removed.
const maxTargetBytes = 500

// withoutTargets removes pictures, tags and the addresses of links: [label](address), label <address>.
func withoutTargets(text string) string {
	if !strings.ContainsAny(text, "<]") {
		return text
	}
	var out strings.Builder
	for text != "" {
		i := strings.IndexAny(text, "<]!")
		if i < 0 {
			break
		}
		out.WriteString(text[:i])
		isEscaped := strings.HasSuffix(text[:i], `\`)
		mark := text[i]
		text = text[i:]
		near := text[:min(len(text), maxTargetBytes)]
		switch {
		case mark == '!' && !isEscaped && strings.HasPrefix(text, "!["):
			label, target, isPicture := strings.Cut(near, "](")
			end := strings.IndexByte(target, ')')
			if isPicture && end >= 0 && !strings.Contains(label[2:], "[") {
				text = text[len(label)+len("](")+end+1:]
				continue
			}
		case mark == ']' && !isEscaped && strings.HasPrefix(text, "]("):
			target, rest, isLink := strings.Cut(near[2:], ")")
			if isLink {
				text = text[len(target)+len("]()"):]
				host, _, isHost := strings.Cut(strings.TrimPrefix(rest, " ("), ")")
				if isHost && strings.HasPrefix(rest, " (") && strings.Contains(target, host) { // the label names another one
					text = text[len(host)+len(" ()"):]
				}
				continue
			}
		case mark == '<':
			target, _, isClosed := strings.Cut(near[1:], ">")
			isAddress := strings.Contains(target, ":") && !strings.Contains(target, " ") // of the label before it
			isTag := !strings.ContainsAny(target, ":@")
			if isClosed && (isEscaped && isAddress || !isEscaped && isTag) {
				text = text[len(target)+len("<>"):]
				continue
			}
		}
		out.WriteByte(mark)
		text = text[1:]
	}
	out.WriteString(text)
	return out.String()
}

// isOrnament reports whether a line without words says nothing, either: it has rules, brackets or pictures, but no emoji
// and no question mark.
func isOrnament(text string) bool {
	return !strings.ContainsFunc(withoutTargets(text), func(r rune) bool {
		return r == '?' || r == '!' || unicode.In(r, unicode.So, unicode.Sk, unicode.L, unicode.N)
	})
}

// isRule reports whether a line is one, or is empty.
func isRule(text string) bool { return strings.Trim(text, `-_—–=*# \`+"\u00a0") == "" }

// What cutNames found.
const (
	noName = iota
	aName
	anAddress
)

// cutNames removes the given names and addresses from words. found is what it removed.
func cutNames(words, names []string) (rest []string, found int) {
	rest = words
	for _, name := range names {
		look := splitWords(name)
		for i := 0; len(look) > 0 && i+len(look) <= len(rest); i++ {
			if slices.Equal(rest[i:i+len(look)], look) {
				rest = slices.Delete(slices.Clone(rest), i, i+len(look))
				if strings.Contains(name, "@") {
					found = anAddress
				} else {
					found = max(found, aName)
				}
			}
		}
	}
	return rest, found
}
