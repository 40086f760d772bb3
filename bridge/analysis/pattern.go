package analysis

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// What a desk's patterns may cost. Go's regular expressions take time in proportion to their size and the text's.
const (
	MostPatterns    = 32
	LongestPattern  = 400  // bytes
	LargestPattern  = 500  // steps of one
	LargestPatterns = 4000 // steps of all
	longestLink     = 300  // bytes
)

// numberPlace is where a link has its number.
const numberPlace = "{number}"

var kindShape = regexp.MustCompile(`^\pL[\pL\pN _-]{0,29}$`)

// ParsePatterns reads patterns as an admin writes them, one a line:
//
//	order: \bSO-\d{6}\b -> https://shop.example/orders/{number}
//	invoice
//
// A kind without an expression is found by the rules for it. Expressions are in Go's syntax (RE2), a link is one of
// https with {number} behind its host.
// Errors name the line by its number and say what is wrong. They don't quote it.
func ParsePatterns(text string) ([]Pattern, error) {
	var all []Pattern
	size := 0
	for n, line := range linesOf(text) {
		p, steps, err := parsePattern(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		if size += steps; size > LargestPatterns || len(all) == MostPatterns {
			return nil, fmt.Errorf("line %d: there are too many patterns, or they are too large", n+1)
		}
		all = append(all, p)
	}
	return all, nil
}

func parsePattern(line string) (p Pattern, steps int, err error) {
	if at := strings.LastIndex(line, " -> "); at >= 0 {
		line, p.Link = strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+len(" -> "):])
		if err := checkLink(p.Link); err != nil {
			return p, 0, err
		}
	}

	kind, expression, has := strings.Cut(line, ":")
	if p.Kind, p.Regexp = strings.TrimSpace(kind), strings.TrimSpace(expression); !kindShape.MatchString(p.Kind) {
		return p, 0, errors.New("it should begin with a kind of at most 30 letters, digits, spaces, - and _")
	}

	if !has {
		if !slices.Contains(ruledKinds(), p.Kind) {
			return p, 0, fmt.Errorf("without an expression the kind is one of %s", strings.Join(ruledKinds(), ", "))
		}
		return p, 0, nil
	}

	steps, err = PatternSize(p.Regexp)
	return p, steps, err
}

// PatternSize returns how many steps an expression has.
// Errors: it is empty, too long or too large, can't be read, or finds nothing at all everywhere.
func PatternSize(expression string) (int, error) {
	if expression == "" || len(expression) > LongestPattern {
		return 0, fmt.Errorf("the expression is empty, or longer than %d characters", LongestPattern)
	}

	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		if fault, ok := errors.AsType[*syntax.Error](err); ok {
			return 0, fmt.Errorf("the expression can't be read: %s", fault.Code)
		}
		return 0, errors.New("the expression can't be read")
	}

	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > LargestPattern {
		return 0, errors.New("the expression is too large: repeat less")
	}

	exp, err := regexp.Compile(expression)
	if err != nil || exp.MatchString("") {
		return 0, errors.New("the expression matches even an empty text")
	}

	return len(program.Inst), nil
}

// checkLink looks at the link of a pattern: where it leads may not depend on what a customer wrote.
func checkLink(link string) error {
	before, _, found := strings.Cut(link, numberPlace)
	if len(link) > longestLink || !isWebAddress(strings.ReplaceAll(link, numberPlace, "1")) {
		return fmt.Errorf("the link isn't an address of https with at most %d characters", longestLink)
	}
	if !found || !strings.Contains(strings.TrimPrefix(before, "https://"), "/") {
		return errors.New("the link should have {number} behind its host and a /")
	}
	if strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`<>"|\^`, r) }) {
		return errors.New("the link has a character that isn't allowed in an address")
	}
	return nil
}

// isWebAddress reports whether a link is an address of https with a host, without a name and a password.
func isWebAddress(link string) bool {
	at, err := url.Parse(link)
	if err != nil || at.Scheme != "https" {
		return false
	}
	return at.Host != "" && at.User == nil
}

// LinkTo returns the link of a number, in which the number is escaped. It returns "" if there is none.
func (p Pattern) LinkTo(number string) string {
	before, _, found := strings.Cut(p.Link, numberPlace)
	if !found || strings.Trim(number, ".") == "" { // "/.." leads elsewhere
		return ""
	}
	escaped := url.PathEscape(number)
	if strings.ContainsAny(before, "?#") {
		escaped = url.QueryEscape(number)
	}
	return strings.ReplaceAll(p.Link, numberPlace, escaped)
}

// ruledKinds are the kinds of numbers that are found without a pattern.
func ruledKinds() []string { return []string{"order", "quote", "invoice", "shipment", "ticket"} }

// What a desk's own intents may be.
const (
	maxOwnIntents = 30
	longestAbout  = 200 // characters
	maxWords      = 20  // of one intent
	longestWord   = 40  // characters
)

var intentShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,29}$`)

// ParseIntents reads intents as an admin writes them, one a line:
//
//	order_status
//	warranty: asks about the guarantee = guarantee, warranty, Garantie
//
// A name of DefaultIntents alone is that intent. Behind = stand words that customers use when they want it.
// Errors name the line by its number and say what is wrong. They don't quote it.
func ParseIntents(text string) ([]Intent, error) {
	var all []Intent
	for n, line := range linesOf(text) {
		i, err := parseIntent(line)
		switch {
		case err != nil:
		case len(all) == maxOwnIntents:
			err = fmt.Errorf("there are more than %d intents", maxOwnIntents)
		case slices.ContainsFunc(all, func(o Intent) bool { return o.Name == i.Name }):
			err = errors.New("its name is used twice")
		}

		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}

		all = append(all, i)
	}

	return all, nil
}

func parseIntent(line string) (Intent, error) {
	line, words, _ := strings.Cut(line, " = ")
	name, about, _ := strings.Cut(line, ":")
	i := Intent{Name: strings.TrimSpace(name), About: strings.TrimSpace(about)}
	known := DefaultIntents()
	if k := slices.IndexFunc(known, func(k Intent) bool { return k.Name == i.Name }); k >= 0 {
		i.Tags = known[k].Tags
		if i.About == "" {
			i.About = known[k].About
		}
	}

	for word := range strings.SplitSeq(words, ",") {
		if word = strings.TrimSpace(word); word != "" {
			i.Words = append(i.Words, word)
		}
	}

	isTooLong := func(word string) bool { return utf8.RuneCountInString(word) > longestWord }
	switch {
	case !intentShape.MatchString(i.Name):
		return i, errors.New("it should begin with a name of at most 30 small letters, digits and _")
	case i.About == "" || utf8.RuneCountInString(i.About) > longestAbout:
		return i, fmt.Errorf("the name should be followed by a colon and what customers want, in at most %d characters", longestAbout)
	case len(i.Words) > maxWords || slices.ContainsFunc(i.Words, isTooLong):
		return i, fmt.Errorf("it has more than %d words, or one of more than %d characters", maxWords, longestWord)
	}

	return i, nil
}

// linesOf returns the lines of a text that aren't empty, trimmed, with their numbers from 0.
func linesOf(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for n, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
			line = strings.TrimSpace(line)
			if line != "" && !yield(n, line) {
				return
			}
		}
	}
}
