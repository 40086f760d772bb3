package knowledge

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// agentName is the reader's user agent, in requests and in robots.txt.
const agentName = "Parley"

// maxDelay caps a site's Crawl-delay.
const maxDelay = 10 * time.Second

const robotsPath = "/robots.txt"

// rules are the part of a site's robots.txt (RFC 9309) that applies to this reader. The zero value allows everything.
// For example, these rules allow /help/faq but not /help/internal:
//
//	User-agent: *
//	Disallow: /help/int*nal
//	Crawl-delay: 2
type rules struct {
	lines []rule
	delay time.Duration // Crawl-delay: the pause between two requests; 0 if the site doesn't set one
}

// maxRules caps the rules of a group, because every link of every page is matched against all of them.
const maxRules = 5000

// rule is an Allow or Disallow line, such as "Disallow: /private*.html$". In its pattern, * matches any text, and a final
// $ matches the end of the path.
type rule struct {
	allow  bool
	length int      // of the pattern: the longest matching rule decides
	parts  []string // the pattern split at its stars; at least one, and only the first and last may be empty
	hasEnd bool     // the pattern ends with $
}

// newRule parses the pattern of a rule.
func newRule(allow bool, pattern string) rule {
	path, hasEnd := strings.CutSuffix(pattern, "$")
	parts := strings.Split(path, "*")
	if last := len(parts) - 1; last > 0 { // several stars in a row count as one
		middle := slices.DeleteFunc(slices.Clone(parts[1:last]), func(p string) bool { return p == "" })
		parts = slices.Concat(parts[:1], middle, parts[last:])
	}
	return rule{allow: allow, length: len(pattern), parts: parts, hasEnd: hasEnd}
}

// parseRobots parses a robots.txt. It returns the rules of the groups for Parley, or, if there are none, of the groups for
// all agents ("*").
func parseRobots(text string) rules {
	groups := map[string]*rules{} // by lower-case agent name
	var current []*rules          // the groups that the next rules belong to: several user-agent lines may share them
	inRules := false              // the current group has rules, so the next user-agent line begins a new one
	for line := range strings.Lines(strings.TrimPrefix(text, byteOrderMark)) {
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
				if value != "" && len(g.lines) < maxRules { // an empty pattern matches nothing
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

// setDelay sets the delay from a number of seconds, capped at maxDelay. It ignores a text that isn't a positive number.
func (r *rules) setDelay(text string) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) { // not "<= 0", which is false for NaN
		return
	}
	r.delay = time.Duration(min(seconds, maxDelay.Seconds()) * float64(time.Second))
}

// isAllowed reports whether a path, including its query, may be read. The longest matching rule decides; of two equally long
// ones, Allow wins. A path that matches no rule is allowed.
func (r rules) isAllowed(path string) bool {
	var deciding rule
	isAllowed := true
	for _, line := range r.lines {
		if !line.matches(path) {
			continue
		}

		isLonger := line.length > deciding.length
		isAsLong := line.length == deciding.length
		if isLonger || (isAsLong && line.allow) {
			deciding = line
			isAllowed = line.allow
		}
	}

	return isAllowed
}

// matches reports whether the rule's pattern matches a path, or the beginning of it if the pattern has no final $.
func (r rule) matches(path string) bool {
	rest, ok := strings.CutPrefix(path, r.parts[0])
	if !ok {
		return false
	}

	last := len(r.parts) - 1
	if last == 0 {
		return !r.hasEnd || rest == ""
	}

	for _, part := range r.parts[1:last] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}

	if r.hasEnd {
		return strings.HasSuffix(rest, r.parts[last])
	}
	return strings.Contains(rest, r.parts[last])
}
