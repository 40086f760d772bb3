package analysis

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// A pattern describes the reference numbers of one helpdesk, so that they are recognised in customers' messages, and
// become links for its agents. This file parses and checks the patterns that admins write.

// The limits of patterns. The time to match a regular expression in Go is proportional to its size and to the length of
// the text, so these bound how long one message can take. A step is one instruction of the compiled expression.
const (
	MaxPatterns     = 32
	MaxPatternBytes = 400  // bytes
	MaxPatternSteps = 500  // steps of one pattern
	MaxTotalSteps   = 4000 // steps of all patterns together
	maxLink         = 300  // bytes
)

// numberPlaceholder is replaced by the reference number in a link.
const numberPlaceholder = "{number}"

var kindName = regexp.MustCompile(`^\pL[\pL\pN _-]{0,29}$`)

// ParsePatterns parses reference patterns, one per line, each with an optional link:
//
//	order: \bSO-\d{6}\b -> https://shop.example/orders/{number}
//	invoice
//
// A kind without an expression must be a built-in one. Expressions are in Go's syntax (RE2). A link must be an https
// URL with {number} in its path or query. Errors contain the line's number, but don't quote the line.
func ParsePatterns(text string) ([]Pattern, error) {
	var all []Pattern
	size := 0
	for n, line := range numberedLines(text) {
		p, steps, err := parsePattern(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		if size += steps; size > MaxTotalSteps || len(all) == MaxPatterns {
			return nil, fmt.Errorf("line %d: there are too many patterns, or they are too large", n+1)
		}
		all = append(all, p)
	}
	return all, nil
}

// parsePattern parses one line. steps is the size of its expression, 0 if it has none.
func parsePattern(line string) (p Pattern, steps int, err error) {
	const arrow = " -> "
	if at := strings.LastIndex(line, arrow); at >= 0 { // the last one: an expression may contain an arrow
		p.Link = strings.TrimSpace(line[at+len(arrow):])
		line = strings.TrimSpace(line[:at])
		if err := checkLink(p.Link); err != nil {
			return p, 0, err
		}
	}

	kind, expression, hasExpression := strings.Cut(line, ":")
	p.Kind, p.Regexp = strings.TrimSpace(kind), strings.TrimSpace(expression)
	if !kindName.MatchString(p.Kind) {
		return p, 0, errors.New("it should begin with a kind of at most 30 letters, digits, spaces, - and _")
	}

	if !hasExpression {
		if !slices.Contains(builtInKinds(), p.Kind) {
			return p, 0, fmt.Errorf("without an expression the kind is one of %s", strings.Join(builtInKinds(), ", "))
		}
		return p, 0, nil
	}

	steps, err = PatternSize(p.Regexp)
	return p, steps, err
}

// PatternSize returns the number of steps of a regular expression. It returns an error if the expression is empty,
// too long, too large or invalid, or if it matches the empty string.
func PatternSize(expression string) (int, error) {
	if expression == "" || len(expression) > MaxPatternBytes {
		return 0, fmt.Errorf("the expression is empty, or longer than %d characters", MaxPatternBytes)
	}

	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		if fault, ok := errors.AsType[*syntax.Error](err); ok {
			return 0, fmt.Errorf("the expression can't be read: %s", fault.Code)
		}
		return 0, errors.New("the expression can't be read")
	}

	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > MaxPatternSteps {
		return 0, errors.New("the expression is too large: repeat less")
	}

	exp, err := regexp.Compile(expression)
	if err != nil || exp.MatchString("") {
		return 0, errors.New("the expression matches even an empty text")
	}

	return len(program.Inst), nil
}

// checkLink checks the link of a pattern. Customers write the numbers that are inserted into it, so {number} must come
// after the host: a customer must not be able to choose the host.
func checkLink(link string) error {
	before, _, found := strings.Cut(link, numberPlaceholder)
	if len(link) > maxLink || !isWebAddress(strings.ReplaceAll(link, numberPlaceholder, "1")) {
		return fmt.Errorf("the link isn't an address of https with at most %d characters", maxLink)
	}
	if !found || !strings.Contains(strings.TrimPrefix(before, "https://"), "/") {
		return errors.New("the link should have {number} behind its host and a /")
	}
	if strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`<>"|\^`, r) }) {
		return errors.New("the link has a character that isn't allowed in an address")
	}
	return nil
}

// isWebAddress reports whether a link is an https URL with a host and without credentials.
func isWebAddress(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" {
		return false
	}
	return u.Host != "" && u.User == nil
}

// LinkTo returns the pattern's link with the number inserted and escaped. It returns "" if the pattern has no link or
// the number is unsuitable.
func (p Pattern) LinkTo(number string) string {
	before, _, found := strings.Cut(p.Link, numberPlaceholder)
	if !found || strings.Trim(number, ".") == "" { // "..", as a path segment, would lead to another page
		return ""
	}
	escaped := url.PathEscape(number)
	if strings.ContainsAny(before, "?#") {
		escaped = url.QueryEscape(number)
	}
	return strings.ReplaceAll(p.Link, numberPlaceholder, escaped)
}

// numberedLines yields the trimmed lines of a text that aren't empty, with their indices in the text.
func numberedLines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for n, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
			line = strings.TrimSpace(line)
			if line != "" && !yield(n, line) {
				return
			}
		}
	}
}
