package offline

import (
	"regexp"
	"strings"

	"parley/bridge/analysis"
)

// mostPerPattern is how many numbers one pattern finds in a burst.
const mostPerPattern = 10

// longestPatternValue bounds what a pattern finds, in bytes.
const longestPatternValue = 100

// findByPatterns finds references by the desk's patterns. A pattern that can't be read or costs too much finds
// nothing: who edits the desk is told elsewhere.
func (a *Analyzer) findByPatterns(t *text, patterns []analysis.Pattern) []analysis.Reference {
	var found []analysis.Reference
	steps := 0
	for _, p := range patterns[:min(len(patterns), analysis.MostPatterns)] {
		re, size := a.compilePattern(p.Regexp)
		steps += size
		if re == nil || p.Kind == "" {
			continue
		}
		if steps > analysis.LargestPatterns {
			break // sizes are no less than 0, so that all further patterns are too much as well
		}
		for _, at := range re.FindAllStringSubmatchIndex(t.all, mostPerPattern) {
			from, to := at[0], at[1]
			hasGroup := len(at) > 2 && at[2] >= 0
			if hasGroup {
				from, to = at[2], at[3]
			}
			value := strings.TrimSpace(t.all[from:to])
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

// compilePattern gives a pattern ready to be used and its size, or nil if it can't be read.
func (a *Analyzer) compilePattern(pattern string) (*regexp.Regexp, int) {
	a.mu.Lock()
	c, known := a.patterns[pattern]
	a.mu.Unlock()
	if known {
		return c.re, c.size
	}
	if size, err := analysis.PatternSize(pattern); err == nil {
		c = compiled{size: size}
		c.re, _ = regexp.Compile(pattern) // PatternSize has compiled it, so it can't fail
	}
	a.mu.Lock()
	const mostDesks = 4 // whose patterns are kept
	if len(a.patterns) >= mostDesks*analysis.MostPatterns {
		clear(a.patterns)
	}
	a.patterns[pattern] = c
	a.mu.Unlock()
	return c.re, c.size
}
