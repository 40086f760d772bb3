package offline

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"parley/bridge/analysis"
)

const (
	maxPerPattern = 10  // numbers that one pattern finds in a text
	maxValueBytes = 100 // of a number
	maxCached     = 4 * analysis.MaxPatterns
)

// finder finds reference numbers, such as order numbers, by regular expressions that the admin of a helpdesk wrote: the
// pattern `\bSO-(\d{6})\b` finds 118403 in "where is SO-118403?". Since anybody may send long messages, the cost of a search
// is bounded.
type finder struct {
	mu    sync.Mutex
	cache map[string]expression // by the pattern's source
}

// expression is a compiled pattern and its size, as analysis.PatternSize measures it. It is zero for an invalid pattern.
type expression struct {
	re   *regexp.Regexp
	size int
}

// find returns the references in a text. Of patterns that find the same words the first counts. It ignores invalid patterns
// and those beyond the limits of package analysis, which were already reported when the patterns were saved.
func (f *finder) find(text string, patterns []analysis.Pattern) []analysis.Reference {
	var found []analysis.Reference
	var taken []span
	steps := 0
	for _, p := range patterns[:min(len(patterns), analysis.MaxPatterns)] {
		c := f.compile(p.Regexp)
		if steps += c.size; steps > analysis.MaxTotalSteps {
			break
		}
		if c.re == nil || p.Kind == "" {
			continue
		}
		for _, m := range c.re.FindAllStringSubmatchIndex(text, maxPerPattern) {
			at := span{m[0], m[1]}
			if len(m) > 2 && m[2] >= 0 {
				at = span{m[2], m[3]}
			}
			value := strings.TrimSpace(text[at.from:at.to])
			isNumber := value != "" && len(value) <= maxValueBytes && !strings.ContainsAny(value, "\r\n")
			isTaken := slices.ContainsFunc(taken, func(s span) bool { return s.from < at.to && at.from < s.to })
			r := analysis.Reference{Kind: p.Kind, Value: value, Link: p.LinkTo(value)}
			if isNumber && !isTaken && !slices.Contains(found, r) {
				found, taken = append(found, r), append(taken, at)
			}
		}
	}
	return found
}

// compile returns a compiled pattern from the cache, or compiles it. It doesn't hold the lock while it compiles.
func (f *finder) compile(pattern string) expression {
	f.mu.Lock()
	c, isCached := f.cache[pattern]
	f.mu.Unlock()
	if isCached {
		return c
	}
	if size, err := analysis.PatternSize(pattern); err == nil {
		c.size = size
		c.re, _ = regexp.Compile(pattern) // PatternSize has compiled it, so it can't fail
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cache == nil || len(f.cache) >= maxCached {
		f.cache = map[string]expression{}
	}
	f.cache[pattern] = c
	return c
}
