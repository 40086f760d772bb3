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

// rules are what a site's robots.txt (RFC 9309) says to this reader.
type rules struct {
	lines []rule
	delay time.Duration // that it asks for between two requests; 0 means none
}

// maxRules is how many rules of a group count at most. Each link of each page is compared with all of them.
const maxRules = 5000

// rule is one line of a robots.txt: * in its pattern stands for anything, $ at the end for the path's end.
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

// readRobots reads a robots.txt: the groups that name us, else those for all.
func readRobots(text string) rules {
	groups := map[string]*rules{}
	var current []*rules // the groups that the next rules belong to: several agents may share them
	inRules := false     // a rule was read since the last user-agent: the next one begins another group
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

// setDelay sets the pause that is asked for, in seconds. A text that is no positive number is ignored.
func (r *rules) setDelay(text string) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) { // NaN isn't positive either
		return
	}
	r.delay = min(time.Duration(min(seconds, maxDelay.Seconds())*float64(time.Second)), maxDelay)
}

// isAllowed reports whether a path, with its query, may be read. The longest rule that matches decides; of two rules of the same
// length, that which allows it. Without a rule everything may be read.
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
