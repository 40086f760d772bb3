package offline

import (
	"regexp"
	"strings"

	"parley/bridge/analysis"
)

// mostPerPattern is how many numbers one pattern finds in a burst.
const mostPerPattern = 10

// findByPatterns finds references by the desk's patterns. A pattern that can't be read or costs too much finds
// nothing: who edits the desk is told elsewhere.
func (a *Analyzer) findByPatterns(t *text, patterns []analysis.Pattern) []analysis.Reference {
	var found []analysis.Reference
	steps := 0
	for _, p := range patterns[:min(len(patterns), analysis.MostPatterns)] {
		re, size := a.compiled(p.Regexp)
		if steps += size; re == nil || p.Kind == "" || steps > analysis.LargestPatterns {
			continue
		}
		for _, at := range re.FindAllStringSubmatchIndex(t.all, mostPerPattern) {
			from, to := at[0], at[1]
			if len(at) > 2 && at[2] >= 0 {
				from, to = at[2], at[3]
			}
			value := strings.TrimSpace(t.all[from:to])
			if value == "" || len(value) > 100 || strings.ContainsAny(value, "\r\n") {
				continue
			}
			found = append(found, analysis.Reference{Kind: p.Kind, Value: value, Link: p.LinkTo(value)})
		}
	}
	return found
}

// compiled is a pattern ready to be used, with its size. The last ones are kept.
type compiled struct {
	re   *regexp.Regexp
	size int
}

func (a *Analyzer) compiled(pattern string) (*regexp.Regexp, int) {
	a.mu.Lock()
	c, known := a.patterns[pattern]
	a.mu.Unlock()
	if known {
		return c.re, c.size
	}
	if size, err := analysis.PatternSize(pattern); err == nil {
		c = compiled{size: size}
		c.re, _ = regexp.Compile(pattern) // it can be
	}
	a.mu.Lock()
	if len(a.patterns) >= 4*analysis.MostPatterns {
		clear(a.patterns)
	}
	a.patterns[pattern] = c
	a.mu.Unlock()
	return c.re, c.size
}
