package analysis

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// A reply that an analysis suggests may name only links, mail addresses and long numbers that somebody gave, for
// example in a source that it cites. A model that invents a link, or is talked into one by a customer, must not get
// it in front of an agent. This file collects what may be named and looks for the rest.

// vocabulary is what a reply may name: links, addresses and numbers that somebody gave.
type vocabulary struct {
	links   map[string]bool // in canonical form
	hosts   map[string]bool // of links
	mails   map[string]bool
	numbers map[string]bool // digits only
}

// newVocabulary collects from the conversation, the sources that a reply cites and the desk's patterns. A link that only
// the customer wrote counts if its host also stands in a source, in a pattern or in an agent's message (known): else a
// customer could have any link proposed to an agent.
func newVocabulary(q Question, s conversationText, cited []string) vocabulary {
	v := emptyVocabulary()
	v.add(s.agent)
	known := emptyVocabulary()
	known.add(s.agent)
	for _, source := range q.Desk.Sources {
		text := plain(strings.Join([]string{source.Title, source.Link, source.Text, source.Reply}, textBreak))
		known.add(text)
		if slices.Contains(cited, source.ID) {
			v.add(text)
		}
	}

	for _, p := range q.Desk.References {
		if p.Link == "" {
			continue
		}

		for _, number := range referenceNumbers(p, s.customer) {
			for _, link := range p.links(number) {
				v.add(plain(link))
			}
		}

		at, err := url.Parse(p.Link)
		if err == nil && at.Host != "" { // a link that can't be read makes no host known
			known.hosts[canonicalHost(at.Host)] = true
		}
	}

	found := findNames(s.all)
	for _, l := range found.links {
		if known.hosts[linkHost(l)] {
			v.addLink(l)
		}
	}

	v.addRest(found)
	return v
}

func emptyVocabulary() vocabulary {
	return vocabulary{links: map[string]bool{}, hosts: map[string]bool{}, mails: map[string]bool{}, numbers: map[string]bool{}}
}

// referenceNumbers finds what a pattern finds in a text: nothing, if it can't be read.
func referenceNumbers(p Pattern, text string) []string {
	if p.Regexp == "" {
		return nil
	}

	exp, err := regexp.Compile(p.Regexp)
	if err != nil {
		return nil
	}

	var numbers []string
	for _, m := range exp.FindAllStringSubmatch(text, maxReferences) {
		number := m[0]
		if len(m) > 1 && m[1] != "" {
			number = m[1]
		}
		numbers = append(numbers, number)
	}

	return numbers
}

// links returns the links that a pattern makes of a number: as it is, and escaped as a part of a path or a query.
func (p Pattern) links(number string) []string {
	if !strings.Contains(p.Link, numberPlace) {
		return nil
	}

	var links []string
	for _, value := range []string{number, url.PathEscape(number), url.QueryEscape(number)} {
		links = append(links, strings.ReplaceAll(p.Link, numberPlace, value))
	}
	return links
}

// add adds all that a text names.
func (v vocabulary) add(text string) {
	found := findNames(text)
	for _, l := range found.links {
		v.addLink(l)
	}
	v.addRest(found)
}

func (v vocabulary) addLink(l string) {
	v.links[canonicalLink(l)] = true
	v.hosts[linkHost(l)] = true
}

// addRest adds all but links.
func (v vocabulary) addRest(n names) {
	for _, m := range n.mails {
		v.mails[m] = true
	}
	for _, d := range n.numbers {
		v.numbers[d] = true
	}
}

// isEnoughFor reports whether all that a reply names is in the vocabulary.
func (v vocabulary) isEnoughFor(look string) bool {
	found := findNames(look)
	if found.misleads {
		return false
	}
	for _, l := range found.links {
		c := canonicalLink(l)
		isKnownHost := c == linkHost(l) && v.hosts[c]
		if !v.links[c] && !isKnownHost {
			return false
		}
	}
	return hasAll(v.mails, found.mails) && hasAll(v.numbers, found.numbers)
}

// hasAll reports whether all of some names are known.
func hasAll(known map[string]bool, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !known[name] })
}

// names are what a text names.
type names struct {
	links, mails, numbers []string
	misleads              bool // a link shows another address than it leads to, or leads nowhere that can be checked
}

// findNames finds links, also bare, broken up and written in words, mail addresses and long numbers in a plain text. What one step
// has found is taken out of the text, so that no later step takes a part of it for something else.
func findNames(text string) names {
	c := compiled()
	text = wholePrices(c.spelledDot.ReplaceAllString(text, "$1$3.$2$4"))
	var n names
	n.misleads = c.markdownReference.MatchString(text) || hasMisleadingLink(text)
	rest := c.link.ReplaceAllStringFunc(text, func(l string) string {
		if address, ok := strings.CutPrefix(strings.ToLower(l), "mailto:"); ok {
			address, _, _ = strings.Cut(address, "?")
			return " " + address + " "
		}
		if number, ok := strings.CutPrefix(strings.ToLower(l), "tel:"); ok {
			return " " + number + " "
		}

		n.links = append(n.links, l)
		return " "
	})

	rest = c.mail.ReplaceAllStringFunc(rest, func(m string) string {
		n.mails = append(n.mails, strings.ToLower(strings.Trim(strings.ReplaceAll(m, " ", ""), ".'*_-")))
		return " "
	})

	rest = ReplaceDomains(rest, func(l string) string {
		n.links = append(n.links, l)
		return " "
	})

	rest = c.day.ReplaceAllString(rest, " ")
	for _, m := range c.number.FindAllString(rest, -1) {
		n.numbers = append(n.numbers, digitsOf(m))
	}

	return n
}

// ReplaceDomains replaces links without a scheme: names of hosts as programs make links of them, with what stands behind them.
func ReplaceDomains(text string, by func(link string) string) string {
	return compiled().domain.ReplaceAllStringFunc(text, func(l string) string {
		if !isDomain(linkHost(l)) {
			return l
		}
		return by(l)
	})
}

// hasMisleadingLink reports whether a Markdown link leads elsewhere than its text says, or to no address.
func hasMisleadingLink(text string) bool {
	c := compiled()
	for _, m := range c.markdownLink.FindAllStringSubmatch(text, -1) {
		words, target := m[2], m[3]
		if !c.link.MatchString(target) {
			return true
		}

		for _, shown := range slices.Concat(c.link.FindAllString(words, -1), c.domain.FindAllString(words, -1)) {
			host := linkHost(shown)
			isAddress := isDomain(host) || c.link.MatchString(shown)
			if isAddress && host != linkHost(target) {
				return true
			}
		}
	}

	return false
}

// isDomain reports whether a name ends like one of the public domains, so that programs make a link of it, or like one
// that is kept for tests and networks of companies.
func isDomain(host string) bool {
	ascii, err := idna.ToASCII(strings.ToLower(host))
	if err != nil || !strings.Contains(ascii, ".") {
		return false
	}
	top := ascii[strings.LastIndex(ascii, ".")+1:]
	if slices.Contains([]string{"example", "test", "invalid", "localhost", "local", "internal", "lan", "corp", "intranet", "onion"}, top) {
		return true
	}
	suffix, isOfICANN := publicsuffix.PublicSuffix(ascii)
	isPublic := isOfICANN || strings.Contains(suffix, ".") // a last part alone that nobody registers names in is any word
	return isPublic && suffix != ascii
}

// canonicalLink writes a link in the form in which links are compared: without scheme and final signs of a
// sentence, its host in lower case. "h**p", "hxxp" and "http" are one.
func canonicalLink(l string) string {
	i := strings.Index(l, "/")
	if i > 0 && strings.Contains(strings.ReplaceAll(l, " ", ""), "://") {
		scheme := strings.ToLower(strings.TrimRight(l[:i], ": "))
		l = strings.TrimLeft(l[i:], "/ ")
		switch scheme {
		case "http", "https", "hxxp", "hxxps":
		default:
			l = scheme + "://" + l
		}
	}

	l = strings.TrimRight(l, ".,;:!?)*_~`/")
	end := strings.IndexAny(l, "/?#")
	if end < 0 {
		end = len(l)
	}

	return canonicalHost(l[:end]) + l[end:]
}

// linkHost returns the host of a link, with its port and without a user's name before it.
func linkHost(l string) string {
	l = canonicalLink(l)
	end := strings.IndexAny(l, "/?#\\")
	if end >= 0 {
		l = l[:end]
	}
	return l
}

func canonicalHost(h string) string {
	h = strings.ToLower(strings.TrimSuffix(h, "."))
	return strings.TrimSuffix(strings.TrimSuffix(h, ":443"), ":80")
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}
