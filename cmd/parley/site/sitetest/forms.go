package sitetest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Form is an HTML form as a browser without JavaScript reads it. Tests of the site fill Values in and send them to
// Action.
type Form struct {
	Method string // GET or POST
	Action string // path and query
	Values url.Values
	Fields []Control
}

// Control is a part of a form that has a name.
type Control struct {
	Name string
	Kind string // the type of an input, or textarea, select, button
}

// Forms lists the forms of a page. Values are what is sent if a person changes nothing and presses the first button.
func (a Answer) Forms() (forms []Form) {
	var form *Form
	pressed := false
	a.eachElement(func(n *html.Node, begins bool) {
		switch {
		case n.Data == "form" && begins:
			pressed = false
			form = &Form{
				Method: cmp.Or(strings.ToUpper(attributeOf(n, "method")), http.MethodGet),
				Action: attributeOf(n, "action"),
				Values: url.Values{},
			}
		case n.Data == "form":
			forms = append(forms, *form)
			form = nil
		case form == nil || !begins || hasAttribute(n, "disabled"):
		case n.Data == "button":
			name := attributeOf(n, "name")
			if name != "" && !pressed {
				form.Values.Add(name, attributeOf(n, "value"))
			}
			pressed = true
		case attributeOf(n, "name") == "":
		default:
			form.readControl(n)
		}
	})

	return forms
}

// readControl reads one field of a form.
func (f *Form) readControl(n *html.Node) {
	name := attributeOf(n, "name")
	switch n.Data {
	case "textarea":
		f.Fields = append(f.Fields, Control{name, "textarea"})
		text := strings.TrimPrefix(textOf(n), "\n")
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
		case "file":
		default:
			f.Values.Add(name, attributeOf(n, "value"))
		}
	}
}

// chosenOption is what a select sends: the chosen option, else the first. ok is false if it has none.
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

// Links lists where the links of a page lead.
func (a Answer) Links() (links []string) {
	a.eachElement(func(n *html.Node, begins bool) {
		if n.Data == "a" && begins {
			links = append(links, attributeOf(n, "href"))
		}
	})
	return links
}

// Acting lists what of a page would act, or load something, and is not the site's own: scripts, handlers, styles, frames,
// addresses of a script, and forms that are sent elsewhere. It also lists elements with the name element, which only a text
// that somebody typed can have brought into the page.
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

// isOnSite says whether an address is a path of the site. Browsers read "//" and "/\" as the beginning of another host.
func isOnSite(address string) bool {
	leadsAway := strings.HasPrefix(address, "//") || strings.HasPrefix(address, `/\`)
	return strings.HasPrefix(address, "/") && !leadsAway
}

// isHarmless says whether an address is relative, or has a scheme by which nothing acts: not "javascript:".
func isHarmless(address string) bool {
	scheme, _, hasScheme := strings.Cut(address, ":")
	if !hasScheme || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	return scheme == "https" || scheme == "http" || scheme == "mailto"
}

// eachElement visits every element of a page, as it begins and as it ends.
func (a Answer) eachElement(visit func(n *html.Node, begins bool)) {
	root, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		return // html.Parse reads whatever it is given
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

// attributeOf returns the value of an attribute; "" means that it is empty, or not there.
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

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
