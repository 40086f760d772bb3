package offline

import (
	"net/url"
	"regexp"
	"regexp/syntax"
	"strings"

	"parley/bridge/analysis"
)

// What an admin's patterns may cost. Go's regexps take time in proportion to their size and the text's.
const (
	mostPatterns    = 32
	longestPattern  = 400
	largestPattern  = 500  // steps of one
	largestPatterns = 4000 // steps of all
	mostPerPattern  = 10
)

// byPatterns finds references by the desk's patterns. A pattern that can't be read or costs too much finds
// nothing: who edits the desk is told elsewhere.
func (a *Analyzer) byPatterns(t *text, patterns []analysis.Pattern) []analysis.Reference {
	var found []analysis.Reference
	steps := 0
	for _, p := range patterns[:min(len(patterns), mostPatterns)] {
		re, size := a.compiled(p.Regexp)
		if steps += size; re == nil || p.Kind == "" || steps > largestPatterns {
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
			found = append(found, analysis.Reference{Kind: p.Kind, Value: value, Link: linkTo(p.Link, value)})
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
	if pattern == "" || len(pattern) > longestPattern {
		return nil, 0
	}
	a.mu.Lock()
	c, known := a.patterns[pattern]
	a.mu.Unlock()
	if known {
		return c.re, c.size
	}
	if parsed, err := syntax.Parse(pattern, syntax.Perl); err == nil {
		if prog, err := syntax.Compile(parsed.Simplify()); err == nil && len(prog.Inst) <= largestPattern {
			c.size = len(prog.Inst)
			c.re, _ = regexp.Compile(pattern)
		}
	}
	a.mu.Lock()
	if len(a.patterns) >= 4*mostPatterns {
		clear(a.patterns)
	}
	a.patterns[pattern] = c
	a.mu.Unlock()
	return c.re, c.size
}

// linkTo puts a number into a link, escaped.
func linkTo(link, value string) string {
	if link == "" {
		return ""
	}
	return strings.ReplaceAll(link, "{number}", url.PathEscape(value))
}
