package knowledge

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// agentName is how the reader calls itself.
const agentName = "Parley"

// maxDelay is the longest pause that a site may ask for.
const maxDelay = 10 * time.Second

const robotsPath = "/robots.txt"

// rules are what a site's robots.txt (RFC 9309) says to this reader. The zero value allows everything.
type rules struct {
	lines []rule
	delay time.Duration // that the site asks for between two requests; 0 means none
}

// maxRules bounds how many rules of a group count, as each link of each page is compared with all of them.
const maxRules = 5000

// rule is one line of a robots.txt, such as "Disallow: /private*.html$": * in its pattern stands for anything, $ at the end for
// the path's end.
type rule struct {
	allow  bool
	length int      // of the pattern
	parts  []string // of the pattern between its stars, at least one; only the first and the last may be empty
	hasEnd bool     // the pattern ends with $
}

// newRule reads the pattern of a rule.
func newRule(allow bool, pattern string) rule {
	path, hasEnd := strings.CutSuffix(pattern, "$")
	parts := strings.Split(path, "*")
	if last := len(parts) - 1; last > 0 { // two stars in a row are one
		parts = slices.Concat(parts[:1], slices.DeleteFunc(slices.Clone(parts[1:last]), func(p string) bool { return p == "" }), parts[last:])
	}
	return rule{allow: allow, length: len(pattern), parts: parts, hasEnd: hasEnd}
}

// parseRobots reads a robots.txt: the rules of the groups for Parley, or else of those for all ("*").
func parseRobots(text string) rules {
	groups := map[string]*rules{} // by name of the agent, in lower case
	var current []*rules          // to which the next rules belong: several agents may share them
	inRules := false              // a rule was read since the last user-agent line, so that the next such line begins another group
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}

		key = strings.ToLower(strings.TrimSpace(key))
		value = strings.TrimSpace(value)
		switch key {
		case "user-agent":
			if inRules {
				current, inRules = nil, false
			}

			name := strings.ToLower(value)
			if groups[name] == nil {
				groups[name] = &rules{}
			}

			current = append(current, groups[name])
		case "allow", "disallow":
			inRules = true

			for _, g := range current {
				if value != "" && len(g.lines) < maxRules { // an empty rule says nothing
					g.lines = append(g.lines, newRule(key == "allow", value))
				}
			}
		case "crawl-delay":
			inRules = true
			for _, g := range current {
				g.setDelay(value)
			}
		}
	}

	for _, name := range []string{strings.ToLower(agentName), "*"} {
		if g := groups[name]; g != nil {
			return *g
		}
	}

	return rules{}
}

// setDelay sets the delay, from a number of seconds and up to maxDelay. A text that is no positive number is ignored.
func (r *rules) setDelay(text string) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) { // NaN isn't positive either
		return
	}
	r.delay = time.Duration(min(seconds, maxDelay.Seconds()) * float64(time.Second))
}

// isAllowed reports whether a path, with its query, may be read. The longest rule that matches decides, and of two that are as
// long the one that allows. If none matches, the path may be read.
func (r rules) isAllowed(path string) bool {
	var deciding rule
	isAllowed := true
	for _, l := range r.lines {
		if !l.matches(path) {
			continue
		}

		isLonger := l.length > deciding.length
		isAsLong := l.length == deciding.length
		if isLonger || (isAsLong && l.allow) {
			deciding = l
			isAllowed = l.allow
		}
	}

	return isAllowed
}

// matches reports whether a path begins as the rule's pattern says.
func (l rule) matches(path string) bool {
	rest, ok := strings.CutPrefix(path, l.parts[0])
	if !ok {
		return false
	}

	last := len(l.parts) - 1
	if last == 0 {
		return !l.hasEnd || rest == ""
	}

	for _, part := range l.parts[1:last] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}

	if l.hasEnd {
		return strings.HasSuffix(rest, l.parts[last])
	}
	return strings.Contains(rest, l.parts[last])
}
