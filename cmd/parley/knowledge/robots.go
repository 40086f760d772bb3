package knowledge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	parts  []string // the normalised pattern split at its stars; at least one, and only the first and last may be empty
	hasEnd bool     // the pattern ends with $
}

// newRule parses the pattern of a rule.
func newRule(allow bool, pattern string) rule {
	path, hasEnd := strings.CutSuffix(pattern, "$")
	parts := strings.Split(path, "*")
	length := len(pattern) - len(path) + len(parts) - 1
	for i, part := range parts {
		parts[i] = normalisePath(part)
		length += len(parts[i])
	}
	if last := len(parts) - 1; last > 0 { // several stars in a row count as one
		middle := slices.DeleteFunc(slices.Clone(parts[1:last]), func(p string) bool { return p == "" })
		parts = slices.Concat(parts[:1], middle, parts[last:])
	}
	return rule{allow: allow, length: length, parts: parts, hasEnd: hasEnd}
}

// normalisePath returns a path, or a part of one, in the form in which paths and patterns are compared: "/für/%7ejoe" becomes
// "/f%C3%BCr/~joe". What must be escaped in an address is escaped, in capitals, and so are * and $, which are special in
// patterns alone. What needs no escape has none. An escaped reserved character, such as "%2F", differs from the character.
// Source: RFC 9309 sections 2.2.2 and 2.2.3.
func normalisePath(path string) string {
	const literal = "/:?#[]@!&'()+,;=%"
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		octet, isEscaped := unescapeAt(path, i)
		if isEscaped {
			i += len("%41") - 1
		}
		if isUnreserved(octet) || !isEscaped && strings.IndexByte(literal, octet) >= 0 {
			b.WriteByte(octet)
		} else {
			fmt.Fprintf(&b, "%%%02X", octet)
		}
	}
	return b.String()
}

// unescapeAt returns the octet at an offset of a path. isEscaped is true if it is written as an escape, such as "%41".
func unescapeAt(path string, offset int) (octet byte, isEscaped bool) {
	const escapeLength = len("%41")
	if path[offset] == '%' && offset+escapeLength <= len(path) {
		if n, err := strconv.ParseUint(path[offset+1:offset+escapeLength], 16, 8); err == nil {
			return byte(n), true
		}
	}
	return path[offset], false
}

// isUnreserved reports whether an octet means the same with an escape and without one.
// Source: RFC 3986 section 2.3.
func isUnreserved(octet byte) bool {
	r := rune(octet)
	isLetterOrDigit := r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
	return isLetterOrDigit || strings.ContainsRune("-._~", r)
}

// parseRobots parses a robots.txt. It returns the rules of the groups for Parley, or, if there are none, of the groups for
// all agents ("*").
func parseRobots(text string) rules {
	groups := map[string]*rules{} // by lower-case agent name
	var current []*rules          // the groups that the next rules belong to: several user-agent lines may share them
	inRules := false              // the current group has rules, so the next user-agent line begins a new one
	isLineEnd := func(r rune) bool { return r == '\n' || r == '\r' }
	for line := range strings.FieldsFuncSeq(strings.TrimPrefix(text, byteOrderMark), isLineEnd) {
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
	path = normalisePath(path)
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

// matches reports whether the rule's pattern matches a normalised path, or the beginning of it if the pattern has no final $.
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
