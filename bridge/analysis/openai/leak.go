package openai

import (
	"strings"
	"sync"
	"unicode"
)

// leakWords is how many words in a row a reply may not share with the system message.
const leakWords = 7

// hasLeak reports whether a text gives away a part of what the model was told.
func hasLeak(text string) bool {
	words := wordsOf(text)
	for i := 0; i+leakWords <= len(words); i++ {
		if systemRuns()[strings.Join(words[i:i+leakWords], " ")] {
			return true
		}
	}
	return false
}

// systemRuns are all runs of so many words of what the model is told.
var systemRuns = sync.OnceValue(func() map[string]bool { //nolint:gochecknoglobals // a table that never changes
	runs := map[string]bool{}
	for _, told := range []string{systemText, shapeText, textRules, textShape} {
		words := wordsOf(told)
		for i := 0; i+leakWords <= len(words); i++ {
			runs[strings.Join(words[i:i+leakWords], " ")] = true
		}
	}
	return runs
})

func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
