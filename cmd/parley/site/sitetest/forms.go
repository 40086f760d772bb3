package sitetest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Form is an HTML form as a browser without JavaScript sees it. A test takes a form from Answer.Forms, changes Values, and
// sends them to Action with Visitor.Post.
type Form struct {
	Method string     // GET or POST
	Action string     // path and query
	Values url.Values // what a browser sends
	Fields []Control  // the fields, without buttons
}

// Control is a named field of a form.
type Control struct {
	Name string
	Kind string // the type of an input, or "textarea" or "select"
}

// Forms returns the forms of a page. Their Values are what a browser sends if a person changes nothing and presses the
// form's first button.
func (a Answer) Forms() (forms []Form) {
	var form *Form
	hasButton := false // the form's first button has been visited
	a.eachElement(func(n *html.Node, begins bool) {
		switch {
		case n.Data == "form" && begins:
			hasButton = false
			form = &Form{
				Method: cmp.Or(strings.ToUpper(attributeOf(n, "method")), http.MethodGet),
				Action: attributeOf(n, "action"),
				Values: url.Values{},
			}
		case n.Data == "form":
			forms = append(forms, *form)
			form = nil
		case form == nil || !begins || hasAttribute(n, "disabled"): // not part of what a form sends
		case n.Data == "button":
			name := attributeOf(n, "name")
			if name != "" && !hasButton {
				form.Values.Add(name, attributeOf(n, "value"))
			}
			hasButton = true
		case attributeOf(n, "name") == "": // browsers don't send it
		default:
			form.readControl(n)
		}
	})

	return forms
}

// readControl adds a named element to Fields and Values if it is a field of a form.
func (f *Form) readControl(n *html.Node) {
	name := attributeOf(n, "name")
	switch n.Data {
	case "textarea":
		f.Fields = append(f.Fields, Control{name, "textarea"})
		text := strings.TrimPrefix(textOf(n), "\n") // HTML ignores a newline after the start tag
		f.Values.Add(name, strings.ReplaceAll(text, "\n", "\r\n"))
	case "select":
		f.Fields = append(f.Fields, Control{name, "select"})
		if value, ok := chosenOption(n); ok {
			f.Values.Add(name, value)
		}
	case "input":
		kind := cmp.Or(attributeOf(n, "type"), "text")
		f.Fields = append(f.Fields, Control{name, kind})
		switch kind {
		case "checkbox", "radio":
			if hasAttribute(n, "checked") {
				f.Values.Add(name, attributeOf(n, "value"))
			}
		case "file": // no file is selected
		default:
			f.Values.Add(name, attributeOf(n, "value"))
		}
	}
}

// chosenOption returns the value that a select element sends: that of the selected option, or of the first one. ok is false
// if there are no options.
func chosenOption(n *html.Node) (value string, ok bool) {
	for option := range n.Descendants() {
		if option.Data != "option" || option.Type != html.ElementNode {
			continue
		}

		text := attributeOf(option, "value")
		if !hasAttribute(option, "value") {
			text = textOf(option)
		}
		if hasAttribute(option, "selected") {
			return text, true
		}
		if !ok {
			value, ok = text, true
		}
	}
	return value, ok
}

// Links returns the targets of all links in a page.
func (a Answer) Links() (links []string) {
	a.eachElement(func(n *html.Node, begins bool) {
		if n.Data == "a" && begins {
			links = append(links, attributeOf(n, "href"))
		}
	})
	return links
}

// Acting lists active content that doesn't belong to the site. Tests use it to check that text from customers or admins is
// escaped: they enter HTML, such as <img onerror=…>, and expect an empty list. Active content is scripts, event handlers,
// styles, frames, javascript: URLs and forms that are sent to other sites. Elements with the tag name element are listed as
// well; a test chooses a name that the site's own pages don't use.
func (a Answer) Acting(element string) (list []string) {
	a.eachElement(func(n *html.Node, begins bool) {
		if !begins {
			return
		}

		switch n.Data {
		case element, "iframe", "object", "embed", "base", "style", "applet":
			list = append(list, "<"+n.Data+">")
		case "script":
			if !strings.HasPrefix(attributeOf(n, "src"), "/settings/assets/") || n.FirstChild != nil {
				list = append(list, "a script: "+textOf(n))
			}
		case "meta":
			if hasAttribute(n, "http-equiv") {
				list = append(list, "a meta element that acts")
			}
		}

		for _, attr := range n.Attr {
			value := strings.ToLower(strings.TrimSpace(attr.Val))
			switch {
			case strings.HasPrefix(attr.Key, "on"), attr.Key == "style", attr.Key == "srcdoc":
				list = append(list, n.Data+" has "+attr.Key)
			case attr.Key == "action" || attr.Key == "formaction":
				if !isOnSite(value) {
					list = append(list, "a form goes to "+attr.Val)
				}
			case attr.Key == "href" || attr.Key == "src" || strings.HasSuffix(attr.Key, ":href"):
				isPicture := n.Data == "img" && strings.HasPrefix(value, "data:image/")
				if !isPicture && !isHarmless(value) {
					list = append(list, n.Data+" leads to "+attr.Val)
				}
			}
		}
	})

	return list
}

// isOnSite reports whether a URL is a path on the site. Browsers interpret the prefixes "//" and "/\" as another host.
func isOnSite(address string) bool {
	leadsAway := strings.HasPrefix(address, "//") || strings.HasPrefix(address, `/\`)
	return strings.HasPrefix(address, "/") && !leadsAway
}

// isHarmless reports whether a URL is relative or has a scheme that can't run a script, unlike "javascript:".
func isHarmless(address string) bool {
	scheme, _, hasScheme := strings.Cut(address, ":")
	if !hasScheme || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	return scheme == "https" || scheme == "http" || scheme == "mailto"
}

// eachElement calls visit twice for each element of a page: with begins set before its children, and without it after them.
func (a Answer) eachElement(visit func(n *html.Node, begins bool)) {
	root, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		return // can't happen: html.Parse accepts any input
	}

	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			visit(n, true)
		}

		for c := range n.ChildNodes() {
			walk(c)
		}

		if n.Type == html.ElementNode {
			visit(n, false)
		}
	}

	walk(root)
}

// attributeOf returns the value of an attribute, or "" if the attribute is missing.
func attributeOf(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// textOf returns the text inside an element, without tags.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
