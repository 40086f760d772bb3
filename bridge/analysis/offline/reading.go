package offline

import (
	"strings"

	"parley/bridge/analysis"
)

// The desk's own texts (sources, examples, words of tags) come again with every question. So what was read of them
// is kept in the Analyzer.

// mostReadings is how many of the desks' own texts are kept read. They come again with every question.
const mostReadings = 512

// reading is a text of a desk in the form in which it is compared with a customer's text.
type reading struct {
	bag      bag
	forms    []string
	language string
}

// read reads a text of a desk, up to a number of bytes, or returns what was kept of it.
func (a *Analyzer) read(text string, most int) *reading {
	text = clipText(text, most)
	a.mu.Lock()
	r := a.readings[text]
	a.mu.Unlock()

	if r != nil {
		return r
	}

	t := readText([]analysis.Message{{Text: text}})
	r = &reading{bag: a.newBag(t)}
	r.language, _ = a.languages.Detect(t.words())
	for i := range t.tokens {
		r.forms = append(r.forms, strings.Clone(t.tokens[i].form))
	}

	a.mu.Lock()

	if len(a.readings) >= mostReadings {
		clear(a.readings)
	}

	a.readings[strings.Clone(text)] = r
	a.mu.Unlock()
	return r
}
