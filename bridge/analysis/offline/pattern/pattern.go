// Package pattern finds reference numbers, such as order numbers, by regular expressions that the admin of a helpdesk
// wrote: the pattern `\bSO-(\d{6})\b` finds 118403 in "where is SO-118403?". Since anybody may send long messages, the cost
// of a search is bounded.
//
// Package analysis decides which patterns may be saved, and package offline finds numbers without patterns.
package pattern

import (
	"regexp"
	"strings"
	"sync"

	"parley/bridge/analysis"
)

const (
	maxPerPattern = 10  // numbers that one pattern finds in a text
	maxValueBytes = 100 // of a number
)

// Finder finds references by patterns. It caches the compiled patterns. It is safe for concurrent use.
type Finder struct {
	mu    sync.Mutex
	cache map[string]compiled // by the pattern's source
}

// New returns a Finder.
func New() *Finder { return &Finder{cache: map[string]compiled{}} }

// Find returns the references that a helpdesk's patterns find in a text. It ignores invalid patterns and those beyond the
// limits of package analysis. These were already reported when the patterns were saved.
func (f *Finder) Find(text string, patterns []analysis.Pattern) []analysis.Reference {
	var found []analysis.Reference
	steps := 0
	for _, p := range patterns[:min(len(patterns), analysis.MaxPatterns)] {
		c := f.compile(p.Regexp)
		steps += c.size

		if c.re == nil || p.Kind == "" {
			continue
		}
		if steps > analysis.MaxTotalSteps {
			break
		}

		for _, m := range c.re.FindAllStringSubmatchIndex(text, maxPerPattern) {
			from, to := m[0], m[1]
			hasGroup := len(m) > 2 && m[2] >= 0
			if hasGroup {
				from, to = m[2], m[3]
			}

			value := strings.TrimSpace(text[from:to])
			if value == "" || len(value) > maxValueBytes || strings.ContainsAny(value, "\r\n") {
				continue // the match isn't only a number
			}

			found = append(found, analysis.Reference{Kind: p.Kind, Value: value, Link: p.LinkTo(value)})
		}
	}

	return found
}

// compiled is a compiled pattern and its size, as analysis.PatternSize measures it. It is zero for an invalid pattern.
type compiled struct {
	re   *regexp.Regexp
	size int
}

// compile returns a compiled pattern from the cache, or compiles it and adds it to the cache. It doesn't hold the lock while
// it compiles.
func (f *Finder) compile(pattern string) compiled {
	f.mu.Lock()
	c, isCached := f.cache[pattern]
	f.mu.Unlock()

	if isCached {
		return c
	}
	if size, err := analysis.PatternSize(pattern); err == nil {
		c = compiled{size: size}
		c.re, _ = regexp.Compile(pattern) // PatternSize has compiled it, so it can't fail
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	const maxDesks = 4 // the cache holds the patterns of about four helpdesks
	if len(f.cache) >= maxDesks*analysis.MaxPatterns {
		clear(f.cache)
	}

	f.cache[pattern] = c
	return c
}
