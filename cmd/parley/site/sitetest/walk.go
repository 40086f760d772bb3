package sitetest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"parley/store/storetest"
)

// Walker is what a test does on pages that work without a script. Selectors are CSS.
type Walker interface {
	Open(path string)
	Press(selector string)
	Write(selector, text string)
	// Choose selects the option of a list that has this value, or sets a field's value as a script would.
	Choose(selector, value string)
	Shows(text string)
	Has(selector string)
	// Holds waits until a field has this value.
	Holds(selector, value string)
	// Looks checks that the page fits on a desktop and on a phone, and takes pictures.
	Looks(name string)
}

// Walk returns a walker who is signed in as an agent, for pages that need no script. In the long form of the tests, and where pictures
// are taken, this is Chromium without scripts. Otherwise HTML is read and sent, which takes a twentieth of the time, and Looks does
// nothing.
func (s *Site) Walk(email string) Walker {
	s.T.Helper()
	if storetest.LongForm() || shots() != "" {
		b := s.Browser(email)
		b.Script(false)
		return b
	}
	return &reader{visitor: s.Visitor(email)}
}

// Choose implements Walker.
func (b *Browser) Choose(selector, value string) {
	b.site.T.Helper()
	b.Has(selector)
	b.Value(fmt.Sprintf("document.querySelector(%q).value = %q", selector, value))
}

// Has implements Walker.
func (b *Browser) Has(selector string) {
	b.site.T.Helper()
	b.Until("there is "+selector, fmt.Sprintf("document.querySelector(%q)", selector))
}

// Holds implements Walker.
func (b *Browser) Holds(selector, value string) {
	b.site.T.Helper()
	b.Until(selector+" holds "+value, fmt.Sprintf("document.querySelector(%q)?.value === %q", selector, value))
}

// reader is a browser that knows links and forms alone.
type reader struct {
	visitor *Visitor
	path    string
	page    *html.Node
}

func (r *reader) fail(format string, args ...any) {
	r.visitor.site.T.Helper()
	r.visitor.site.T.Fatalf(format+"\n%s shows: %s", append(args, r.path, shownText(r.page))...)
}

// Open implements Walker.
func (r *reader) Open(path string) {
	r.visitor.site.T.Helper()
	r.show(path, r.visitor.Get(path))
}

// show takes an answer as the page, after all redirects.
func (r *reader) show(path string, a Answer) {
	r.visitor.site.T.Helper()
	for a.Status >= http.StatusMultipleChoices && a.Status < http.StatusBadRequest {
		path = strings.TrimPrefix(a.Header.Get("Location"), r.visitor.site.URL)
		a = r.visitor.Get(path)
	}
	page, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		r.visitor.site.T.Fatal(err)
	}
	r.path, r.page = path, page
}

func (r *reader) find(selector string) *html.Node {
	r.visitor.site.T.Helper()
	parsed, err := cascadia.Parse(selector)
	if err != nil {
		r.visitor.site.T.Fatalf("%s: %v", selector, err)
	}
	n := cascadia.Query(r.page, parsed)
	if n == nil {
		r.fail("there is no %s", selector)
	}
	return n
}

// Press implements Walker.
func (r *reader) Press(selector string) {
	r.visitor.site.T.Helper()
	n := r.find(selector)
	switch {
	case n.Data == "a":
		r.Open(attributeOf(n, "href"))
	case n.Data == "summary":
	case n.Data == "input" && hasAttribute(n, "checked"):
		removeAttribute(n, "checked")
	case n.Data == "input":
		setAttribute(n, "checked", "")
	default:
		r.submit(n)
	}
}

// submit sends the form of a button.
func (r *reader) submit(button *html.Node) {
	r.visitor.site.T.Helper()
	form := button
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil {
		r.fail("a button without a form is pressed")
	}

	sent := Form{Values: url.Values{}}
	for n := range form.Descendants() {
		isSent := n.Type == html.ElementNode && attributeOf(n, "name") != "" && !hasAttribute(n, "disabled")
		switch {
		case !isSent:
		case n == button:
			sent.Values.Add(attributeOf(n, "name"), attributeOf(n, "value"))
		default:
			sent.readControl(n)
		}
	}
	action := cmp.Or(attributeOf(button, "formaction"), attributeOf(form, "action"), r.path)
	if strings.EqualFold(attributeOf(form, "method"), http.MethodPost) {
		r.show(action, r.visitor.Post(action, sent.Values))
		return
	}
	r.Open(action + "?" + sent.Values.Encode())
}

// Write implements Walker.
func (r *reader) Write(selector, text string) { r.Choose(selector, text) }

// Choose implements Walker.
func (r *reader) Choose(selector, value string) {
	r.visitor.site.T.Helper()
	n := r.find(selector)
	switch n.Data {
	case "select":
		found := false
		for option := range n.Descendants() {
			removeAttribute(option, "selected")
			if option.Data == "option" && attributeOf(option, "value") == value {
				setAttribute(option, "selected", "")
				found = true
			}
		}
		if !found {
			r.fail("%s has no option %q", selector, value)
		}
	case "textarea":
		for n.FirstChild != nil {
			n.RemoveChild(n.FirstChild)
		}
		n.AppendChild(&html.Node{Type: html.TextNode, Data: value})
	default:
		setAttribute(n, "value", value)
	}
}

// Shows implements Walker.
func (r *reader) Shows(text string) {
	r.visitor.site.T.Helper()
	if !strings.Contains(shownText(r.page), strings.Join(strings.Fields(text), " ")) {
		r.fail("the page doesn't show %q", text)
	}
}

// Has implements Walker.
func (r *reader) Has(selector string) {
	r.visitor.site.T.Helper()
	r.find(selector)
}

// Holds implements Walker.
func (r *reader) Holds(selector, value string) {
	r.visitor.site.T.Helper()
	n := r.find(selector)
	f := Form{Values: url.Values{}}
	setAttribute(n, "name", cmp.Or(attributeOf(n, "name"), "nameless"))
	f.readControl(n)
	if got := strings.ReplaceAll(f.Values.Get(attributeOf(n, "name")), "\r\n", "\n"); got != value {
		r.fail("%s holds %q, want %q", selector, got, value)
	}
}

// Looks implements Walker.
func (r *reader) Looks(string) {}

// shownText returns the text of a page with single spaces, without what is no text: scripts and templates.
func shownText(page *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.Data == "script" || n.Data == "template" || n.Data == "head" || n.Data == "style":
			return
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		switch n.Data {
		case "a", "b", "em", "strong", "span", "code", "small", "mark", "abbr", "time":
		default:
			if n.Type == html.ElementNode {
				b.WriteString(" ")
			}
		}
	}
	walk(page)
	return strings.Join(strings.Fields(b.String()), " ")
}

func setAttribute(n *html.Node, key, value string) {
	removeAttribute(n, key)
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}

func removeAttribute(n *html.Node, key string) {
	var kept []html.Attribute
	for _, a := range n.Attr {
		if a.Key != key {
			kept = append(kept, a)
		}
	}
	n.Attr = kept
}
