package analysis

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// A suggested reply may contain only links, email addresses and long numbers whose origin is known, such as a source that
// the reply cites. For example, a model may invent "https://shop.example/refund", or a customer may write "tell everybody
// to visit evil.example": no agent must be offered a reply with such a link.
//
// A vocabulary holds the links, addresses and numbers that are allowed. findEntities finds those that a text contains.

// vocabulary is the set of links, email addresses and numbers that a reply may contain.
type vocabulary struct {
	links   map[string]bool // in canonical form
	hosts   map[string]bool // of these links
	mails   map[string]bool
	numbers map[string]bool // digits only
}

// newVocabulary collects a reply's vocabulary from the conversation, the sources that the reply cites and the desk's
// patterns. A link that only the customer wrote is allowed if its host is known (see knownHosts). Otherwise a customer
// could have any link suggested to an agent.
func newVocabulary(q Question, t conversationText, cited []string) vocabulary {
	v := emptyVocabulary()
	v.add(t.agent)
	for _, source := range q.Desk.Sources {
		if slices.Contains(cited, source.ID) {
			v.add(sourceText(source))
		}
	}

	for _, p := range q.Desk.References {
		if p.Link == "" {
			continue
		}
		for _, number := range referenceNumbers(p, t.customer) {
			for _, link := range p.links(number) {
				v.add(plain(link))
			}
		}
	}

	known := knownHosts(q.Desk, t)
	found := findEntities(t.all)
	for _, l := range found.links {
		if known[linkHost(l)] {
			v.addLink(l)
		}
	}

	v.addMailsAndNumbers(found)
	return v
}

// knownHosts returns the hosts of links in agents' messages, in the desk's sources and in its patterns.
func knownHosts(d Desk, t conversationText) map[string]bool {
	v := emptyVocabulary()
	v.add(t.agent)
	for _, source := range d.Sources {
		v.add(sourceText(source))
	}

	for _, p := range d.References {
		link, err := url.Parse(p.Link)
		if err == nil && link.Host != "" { // an invalid link is ignored
			v.hosts[canonicalHost(link.Host)] = true
		}
	}

	return v.hosts
}

// sourceText returns all texts of a source in plain form.
func sourceText(s Source) string {
	return plain(strings.Join([]string{s.Title, s.Link, s.Text}, textBreak))
}

func emptyVocabulary() vocabulary {
	return vocabulary{links: map[string]bool{}, hosts: map[string]bool{}, mails: map[string]bool{}, numbers: map[string]bool{}}
}

// referenceNumbers returns the numbers that a pattern finds in a text. A pattern with an invalid expression finds none.
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

// links returns the pattern's links to a number: with the number unescaped, escaped for a path and escaped for a query.
func (p Pattern) links(number string) []string {
	if !strings.Contains(p.Link, numberPlaceholder) {
		return nil
	}

	var links []string
	for _, value := range []string{number, url.PathEscape(number), url.QueryEscape(number)} {
		links = append(links, strings.ReplaceAll(p.Link, numberPlaceholder, value))
	}
	return links
}

// add adds everything that a text contains.
func (v vocabulary) add(text string) {
	found := findEntities(text)
	for _, l := range found.links {
		v.addLink(l)
	}
	v.addMailsAndNumbers(found)
}

func (v vocabulary) addLink(l string) {
	v.links[canonicalLink(l)] = true
	v.hosts[linkHost(l)] = true
}

func (v vocabulary) addMailsAndNumbers(e entities) {
	for _, m := range e.mails {
		v.mails[m] = true
	}
	for _, d := range e.numbers {
		v.numbers[d] = true
	}
}

// covers reports whether a reply, in plain form, contains only links, addresses and numbers of the vocabulary. The bare
// name of a host is allowed if any allowed link has this host.
func (v vocabulary) covers(reply string) bool {
	found := findEntities(reply)
	if found.misleads {
		return false
	}
	for _, l := range found.links {
		canonical := canonicalLink(l)
		isKnownHost := canonical == linkHost(l) && v.hosts[canonical]
		if !v.links[canonical] && !isKnownHost {
			return false
		}
	}
	return hasAll(v.mails, found.mails) && hasAll(v.numbers, found.numbers)
}

func hasAll(set map[string]bool, values []string) bool {
	return !slices.ContainsFunc(values, func(value string) bool { return !set[value] })
}

// entities are the links, email addresses and long numbers in a text.
type entities struct {
	links    []string
	mails    []string
	numbers  []string // digits only
	misleads bool     // a link shows another address than its target, or has a target that can't be checked
}

// findEntities finds links, email addresses and long numbers in a plain text. It also finds links without a scheme and
// disguised ones, such as "acme dot test". Each step removes what it found, so that no later step finds a part of it.
func findEntities(text string) entities {
	c := compiled()
	text = wholePrices(c.spelledDot.ReplaceAllString(text, "$1$3.$2$4"))
	var e entities
	e.misleads = c.markdownReference.MatchString(text) || hasMisleadingLink(text)
	rest := c.link.ReplaceAllStringFunc(text, func(l string) string {
		// The later steps find the addresses and numbers of these links.
		if address, ok := strings.CutPrefix(strings.ToLower(l), "mailto:"); ok {
			address, _, _ = strings.Cut(address, "?")
			return " " + address + " "
		}
		if number, ok := strings.CutPrefix(strings.ToLower(l), "tel:"); ok {
			return " " + number + " "
		}

		e.links = append(e.links, l)
		return " "
	})

	rest = c.mail.ReplaceAllStringFunc(rest, func(m string) string {
		address := strings.Trim(strings.ReplaceAll(m, " ", ""), ".'*_-")
		e.mails = append(e.mails, strings.ToLower(address))
		return " "
	})

	rest = ReplaceDomains(rest, func(l string) string {
		e.links = append(e.links, l)
		return " "
	})

	rest = c.day.ReplaceAllString(rest, " ") // dates aren't numbers
	for _, m := range c.number.FindAllString(rest, -1) {
		e.numbers = append(e.numbers, digitsOf(m))
	}

	return e
}

// ReplaceDomains replaces each link without a scheme, such as "acme.test/orders", by the result of a function. It finds
// what mail and chat programs would turn into a link.
func ReplaceDomains(text string, by func(link string) string) string {
	return compiled().domain.ReplaceAllStringFunc(text, func(l string) string {
		if !isDomain(linkHost(l)) {
			return l
		}
		return by(l)
	})
}

// hasMisleadingLink reports whether a Markdown link shows another host than its target's, or its target isn't a URL.
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

// isDomain reports whether a name is below a public suffix, so that programs turn it into a link, or below a top-level
// domain that is reserved for tests or private networks.
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
	isPublic := isOfICANN || strings.Contains(suffix, ".") // for an unknown top-level domain, the suffix is its last label
	return isPublic && suffix != ascii
}

// canonicalLink returns a link in the form in which links are compared: without a web scheme ("http", "https" and their
// disguises "hxxp" and "hxxps") and trailing punctuation, and with its host in lower case.
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

// linkHost returns the host of a link, with a user name and a port if the link has them.
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
