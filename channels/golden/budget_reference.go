package golden

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// The time that a parser takes means little without the current speed of the machine. The reference is a
// fixed workload that is timed together with the parser, so that the parser's cost can be compared with the
// figures for the machine in docs/performance.md.

// reference does what parsers typically do, on a fixed text: it scans bytes and runes, splits, matches,
// copies, fills maps and allocates small objects.
type reference struct {
	text    string
	encoded []byte
	pattern *regexp.Regexp
}

// newReference prepares the text, which has 16 kB.
func newReference() *reference {
	text := strings.Repeat("Some words of a customer, <b>who</b> has a question & waits: 12 of 34 are missing. \n", 200)
	encoded, err := json.Marshal(strings.Fields(text))
	if err != nil {
		panic(err) // can't happen: strings are always valid JSON
	}
	return &reference{text, encoded, regexp.MustCompile(`(?i)^\s*(?:some|other) words? .{2,30}customer`)}
}

// run does the work once. It returns a number that depends on all of it, so that the compiler can't omit any.
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
