package email

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels"
)

// htmlBytes is how much HTML of one mail is laid out; of more the plain text is
// shown.
const htmlBytes = 2 << 20

// styleBytes is how much of a style is looked at.
const styleBytes = 4000

// errHTML is returned for HTML that can't be laid out: too large or too deep.
var errHTML = errors.New("email: html: cannot be laid out")

// htmlTools is what HTML is cleaned and converted with; making it is slow.
type htmlTools struct {
	policy    *bluemonday.Policy
	converter *converter.Converter
}

// newHTMLTools builds the sanitiser and the converter.
func newHTMLTools() *htmlTools {
	p := bluemonday.UGCPolicy()
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^-?[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs(blockedAttr).Matching(regexp.MustCompile(`(?i)^https?://[^\s"'<>]+$`)).OnElements("img")
	p.AllowElements("center", "font", "u")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return &htmlTools{policy: p, converter: newConverter()}
}

// blockedAttr holds the address of a remote picture that is not loaded.
const blockedAttr = "data-blocked-src"

// htmlBody is one HTML body, read.
type htmlBody struct {
	text, quoted string // Markdown
	source       string // as it came, without what is never shown; to be sanitised
}

// htmlReader reads one mail's HTML bodies.
type htmlReader struct {
	tools   func() *htmlTools
	whole   bool              // forwards and reports: nothing in them is history
	cids    map[string]string // known content ids: file name
	used    map[string]bool   // those that a body shows
	images  []channels.Attachment
	blocked bool // a remote picture was not loaded
	bytes   int  // bytes of HTML so far
}

// read turns one HTML body into what is shown.
// Errors: errHTML.
func (r *htmlReader) read(source string) (htmlBody, error) {
	if r.bytes += len(source); r.bytes > htmlBytes {
		return htmlBody{}, errHTML
	}
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil { // more than 512 elements inside each other
		return htmlBody{}, errHTML
	}
	body := findElement(doc, atom.Body)
	if body == nil {
		return htmlBody{}, errHTML
	}
	r.clean(body)
	flattenDeep(body, 0, 0)
	if layoutCost(body, 0) > maxLayoutCost {
		return htmlBody{}, errHTML
	}
	out := htmlBody{source: renderChildren(body)}
	r.blockRemote(body)
	history := splitHistory(body, r.whole)
	if out.text, err = r.tools().markdown(body); err != nil {
		return htmlBody{}, errHTML
	}
	if history != nil {
		if out.quoted, err = r.tools().markdown(history); err != nil {
			return htmlBody{}, errHTML
		}
	}
	return out, nil
}

// sanitise gives HTML that is safe to show in a sandboxed page.
func (t *htmlTools) sanitise(source string) string {
	return strings.TrimSpace(t.policy.Sanitize(source))
}

// renderChildren writes what is in a node as HTML.
func renderChildren(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}

// findElement gives the first element of a kind.
func findElement(n *html.Node, kind atom.Atom) *html.Node {
	if n.Type == html.ElementNode && n.DataAtom == kind {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := findElement(c, kind); found != nil {
			return found
		}
	}
	return nil
}

// clean removes what is never shown and settles where pictures come from.
func (r *htmlReader) clean(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.CommentNode, c.Type == html.DoctypeNode, c.Type == html.ElementNode && (neverShown(c) || hidden(c)):
			n.RemoveChild(c)
		case c.Type == html.ElementNode && c.DataAtom == atom.Img:
			r.picture(n, c)
		default:
			r.clean(c)
		}
		c = next
	}
}

// neverShown reports whether an element has no text to read in it.
func neverShown(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Meta, atom.Link, atom.Noscript, atom.Template, atom.Object,
		atom.Embed, atom.Iframe, atom.Frame, atom.Frameset, atom.Svg, atom.Math, atom.Input, atom.Select, atom.Textarea, atom.Audio,
		atom.Video, atom.Canvas, atom.Map, atom.Base, atom.Applet:
		return true
	}
	return false
}

// hiddenStyle is a style, in lower case, that hides text from readers.
var hiddenStyle = regexp.MustCompile(`(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$|!)|max-height\s*:\s*0(?:px)?\s*(?:;|$|!))`)

// zeroFont is a style that hides text unless something inside sets a size again,
// as newsletters do between their columns.
var zeroFont = regexp.MustCompile(`(?:^|[;\s])font-size\s*:\s*0(?:\.0+)?(?:px|pt|em|%)?\s*(?:;|$|!)`)

// hidden reports whether an element is invisible by itself.
func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key != "style" {
			continue
		}
		style := strings.ToLower(a.Val[:min(len(a.Val), styleBytes)])
		if mayHide(style) && hiddenStyle.MatchString(style) || strings.Contains(style, "font-size") && zeroFont.MatchString(style) && !setsFont(n) {
			return true
		}
	}
	return false
}

// mayHide reports whether a style has a word that hiddenStyle needs: cheaper.
func mayHide(style string) bool {
	return strings.Contains(style, "none") || strings.Contains(style, "hidden") ||
		strings.Contains(style, "opacity") || strings.Contains(style, "max-height")
}

// setsFont reports whether anything inside an element has a size of its own.
func setsFont(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (strings.Contains(strings.ToLower(attr(c, "style")), "font") || setsFont(c)) {
			return true
		}
	}
	return false
}

// picture settles one picture: from the mail, out of the HTML itself, missing, or
// remote and blocked.
func (r *htmlReader) picture(parent, img *html.Node) {
	src := strings.TrimSpace(attr(img, "src"))
	alt := cleanLine(attr(img, "alt"))
	lower := strings.ToLower(src[:min(len(src), 10)])
	switch {
	case strings.HasPrefix(lower, "data:"):
		id, ok := r.extract(src)
		if !ok {
			replaceByText(parent, img, alt)
			return
		}
		img.Attr = []html.Attribute{{Key: "src", Val: "cid:" + url.PathEscape(id)}, {Key: "alt", Val: alt}}
	case strings.HasPrefix(lower, "cid:"):
		id := normaliseCID(src)
		name, known := r.cids[id]
		if !known {
			replaceByText(parent, img, "[image is missing: "+firstOf(alt, id)+"]")
			return
		}
		r.used[id] = true
		if icon(img) {
			replaceByText(parent, img, alt)
			return
		}
		img.Attr = []html.Attribute{{Key: "src", Val: "cid:" + url.PathEscape(id)}, {Key: "alt", Val: firstOf(alt, name)}}
	default:
		r.blocked = r.blocked || strings.HasPrefix(lower, "http")
		if pixel(img) {
			parent.RemoveChild(img)
			return
		}
		img.Attr = []html.Attribute{{Key: blockedAttr, Val: src}, {Key: "alt", Val: alt}}
	}
}

// blockRemote leaves only the description of remote pictures in the text.
func (r *htmlReader) blockRemote(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.DataAtom == atom.Img && c.Type == html.ElementNode && attr(c, "src") == "" {
			replaceByText(n, c, attr(c, "alt"))
		} else {
			r.blockRemote(c)
		}
		c = next
	}
}

// pixel reports whether a picture is a counting pixel or a spacer.
func pixel(img *html.Node) bool {
	return atMost(attr(img, "width"), 3) || atMost(attr(img, "height"), 3)
}

// icon reports whether a picture is too small to be what a mail is about.
func icon(img *html.Node) bool {
	return atMost(attr(img, "width"), 24) && atMost(attr(img, "height"), 24)
}

// atMost reports whether a length is a number of pixels up to a limit.
func atMost(v string, limit int) bool {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), "px"))
	return err == nil && n <= limit
}

// Limits of pictures inside HTML.
const (
	dataImages     = 100
	dataImageBytes = 20 << 20
)

// extract makes a file of a data: picture and gives its content id.
func (r *htmlReader) extract(src string) (string, bool) {
	head, body, found := strings.Cut(src[5:], ",")
	ctype, _ := parseParams(head)
	if !found || len(r.images) >= dataImages || len(body) > dataImageBytes || !strings.HasPrefix(ctype, "image/") {
		return "", false
	}
	body = strings.ReplaceAll(strings.ReplaceAll(body, "=", "=3D"), "%", "=")
	content := decodeQuotedPrintable([]byte(body)) // undoes %XX
	if strings.Contains(strings.ToLower(head), "base64") {
		content = decodeBase64(content)
	}
	n := len(r.images) + 1
	id := fmt.Sprintf("image-%d@inline", n)
	name := strings.Replace(inventName(n, ctype), "part-", "image-", 1)
	r.images = append(r.images, channels.Attachment{Name: name, ContentType: ctype, ContentID: id, Inline: true, Content: content})
	return id, true
}

// replaceByText puts text in the place of a node, nothing for no text.
func replaceByText(parent, n *html.Node, text string) {
	if text != "" {
		parent.InsertBefore(&html.Node{Type: html.TextNode, Data: text}, n)
	}
	parent.RemoveChild(n)
}

// firstOf gives the first string that isn't empty.
func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// strippedHTML gives the text of HTML that can't be laid out, in one pass, its
// title too.
func strippedHTML(source string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	skip := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			if skip == "" {
				out.Write(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "script", "style":
				skip = string(name)
			case "br", "p", "div", "tr", "li", "h1", "h2", "h3":
				out.WriteByte('\n')
			case "td", "th":
				out.WriteByte(' ')
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == skip {
				skip = ""
			}
		}
	}
}
