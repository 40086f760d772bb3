package knowledge

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// agentName is how the reader calls itself.
const agentName = "Parley"

// mostDelay is the longest pause that a site may ask for.
const mostDelay = 10 * time.Second

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
	var named []*rules
	inRules := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		key, value, ok := strings.Cut(line, ":")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		switch {
		case !ok:
		case key == "user-agent":
			if inRules {
				named, inRules = nil, false
			}
			name := strings.ToLower(value)
			if groups[name] == nil {
				groups[name] = &rules{}
			}
			named = append(named, groups[name])
		case key == "allow" || key == "disallow":
			inRules = true
			for _, g := range named {
				if value != "" {
					g.lines = append(g.lines, rule{key == "allow", value})
				}
			}
		case key == "crawl-delay":
			inRules = true
			if s, err := strconv.ParseFloat(value, 64); err == nil && s > 0 {
				for _, g := range named {
					g.delay = min(time.Duration(min(s, mostDelay.Seconds())*float64(time.Second)), mostDelay)
				}
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

// allows reports whether a path, with its query, may be read: the longest rule that fits decides.
func (r rules) allows(path string) bool {
	longest, allowed := -1, true
	for _, l := range r.lines {
		if fits(l.path, path) && (len(l.path) > longest || len(l.path) == longest && l.allow) {
			longest, allowed = len(l.path), l.allow
		}
	}
	return allowed
}

// fits reports whether a rule's path is the beginning of another: * stands for anything, $ for the end.
func fits(pattern, path string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	exp := "^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	if whole {
		exp += "$"
	}
	ok, err := regexp.MatchString(exp, path)
	return err == nil && ok
}
