package budget

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// How long a parser takes says little without knowing how fast the machine is now. The reference is a fixed piece of
// work that is timed beside the parser, so that its cost can be compared with that on the machine of
// docs/performance.md.

// reference does what parsers spend their time with, on a fixed text: it looks at bytes and runes, cuts, matches,
// copies, fills maps and makes small objects. Using its result keeps the compiler from leaving anything out.
type reference struct {
	text    string
	encoded []byte
	pattern *regexp.Regexp
}

// newReference makes the text. It is 16 kB long.
func newReference() *reference {
	text := strings.Repeat("Some words of a customer, <b>who</b> has a question & waits: 12 of 34 are missing. \n", 200)
	encoded, err := json.Marshal(strings.Fields(text))
	if err != nil {
		panic(err) // strings can be written as JSON
	}
	return &reference{text, encoded, regexp.MustCompile(`(?i)^\s*(?:some|other) words? .{2,30}customer`)}
}

func (r *reference) run() int {
	result := 0
	words := map[string]int{}
	var out strings.Builder
	for line := range strings.SplitSeq(r.text, "\n") {
		if r.pattern.MatchString(line) {
			result++
		}

		for _, word := range strings.Fields(line) {
			words[strings.ToLower(word)]++
		}

		for i := range len(line) {
			if c := line[i]; c == '<' || c == '&' {
				out.WriteByte('\\')
			} else {
				out.WriteByte(c)
			}
		}

		for _, c := range line {
			if unicode.IsSpace(c) {
				result++
			}
		}
	}

	var list []any
	if json.Unmarshal(r.encoded, &list) == nil {
		result += len(list)
	}

	return result + len(words) + out.Len()
}
