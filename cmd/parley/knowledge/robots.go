package knowledge

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// agentName is how the reader calls itself.
const agentName = "Parley"

// maxDelay is the longest pause that a site may ask for.
const maxDelay = 10 * time.Second

// rules are what a site's robots.txt (RFC 9309) says to this reader.
type rules struct {
	lines []rule
	delay time.Duration // that it asks for between two requests; 0 means none
}

type rule struct {
	allow bool
	path  string
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
				if value != "" { // an empty rule says nothing
					g.lines = append(g.lines, rule{allow: key == "allow", path: value})
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
		if !matches(l.path, path) {
			continue
		}

		isLonger := len(l.path) > len(deciding.path)
		isAsLong := len(l.path) == len(deciding.path)
		if isLonger || (isAsLong && l.allow) {
			deciding = l
			isAllowed = l.allow
		}
	}

	return isAllowed
}

// matches reports whether a path begins as a rule's pattern says: * stands for anything, $ at the end for the path's end.
func matches(pattern, path string) bool {
	pattern, hasEnd := strings.CutSuffix(pattern, "$")
	expression := "^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	if hasEnd {
		expression += "$"
	}
	ok, err := regexp.MatchString(expression, path)
	return err == nil && ok // a pattern that is too long for an expression matches nothing
}
