// Package pattern finds numbers by the regular expressions that a desk's admin wrote, at a bounded cost.
//
// What does not belong here: numbers that are found without such a pattern (bridge/analysis/offline), and which patterns may
// be saved (bridge/analysis).
package pattern

import (
	"regexp"
	"strings"
	"sync"

	"parley/bridge/analysis"
)

// mostPerPattern is how many numbers one pattern finds in a burst.
const mostPerPattern = 10

// longestPatternValue bounds what a pattern finds, in bytes.
const longestPatternValue = 100

// Finder finds references by patterns, which it keeps compiled from one question to the next. It is safe for use by several
// goroutines.
type Finder struct {
	mu    sync.Mutex
	known map[string]compiled // by their source
}

// New returns a Finder that knows no pattern yet.
func New() *Finder { return &Finder{known: map[string]compiled{}} }

// Find finds references in a text by a desk's patterns. A pattern that can't be read or costs too much finds
// nothing: who edits the desk is told elsewhere.
func (f *Finder) Find(text string, patterns []analysis.Pattern) []analysis.Reference {
	var found []analysis.Reference
	steps := 0
	for _, p := range patterns[:min(len(patterns), analysis.MostPatterns)] {
		re, size := f.compile(p.Regexp)
		steps += size

		if re == nil || p.Kind == "" {
			continue
		}
		if steps > analysis.LargestPatterns {
			break // sizes are no less than 0, so that all further patterns are too much as well
		}

		for _, at := range re.FindAllStringSubmatchIndex(text, mostPerPattern) {
			from, to := at[0], at[1]
			hasGroup := len(at) > 2 && at[2] >= 0
			if hasGroup {
				from, to = at[2], at[3]
			}

			value := strings.TrimSpace(text[from:to])
			if value == "" || len(value) > longestPatternValue || strings.ContainsAny(value, "\r\n") {
				continue // such a match is more than a number
			}

			found = append(found, analysis.Reference{Kind: p.Kind, Value: value, Link: p.LinkTo(value)})
		}
	}

	return found
}

// compiled is a pattern ready to be used, with its size.
type compiled struct {
	re   *regexp.Regexp
	size int
}

// compile returns a pattern ready to be used and its size, or nil if it can't be read.
func (f *Finder) compile(pattern string) (*regexp.Regexp, int) {
	f.mu.Lock()
	c, isKnown := f.known[pattern]
	f.mu.Unlock()

	if isKnown {
		return c.re, c.size
	}
	if size, err := analysis.PatternSize(pattern); err == nil {
		c = compiled{size: size}
		c.re, _ = regexp.Compile(pattern) // PatternSize has compiled it, so it can't fail
	}

	f.mu.Lock()
	const mostDesks = 4 // whose patterns are kept
	if len(f.known) >= mostDesks*analysis.MostPatterns {
		clear(f.known)
	}

	f.known[pattern] = c
	f.mu.Unlock()
	return c.re, c.size
}
