package email

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Signature is what stands below a mail, made of what an admin wrote.
type Signature struct {
	Markdown string   // as people read it without HTML; pictures are their descriptions
	HTML     string   // sanitised; "" = Markdown says all of it
	Pictures []string // where the pictures of HTML are, as it was written; PictureID(n) names the nth
}

// PictureID is the content id by which a signature's HTML shows its nth picture, from 0.
func PictureID(n int) string { return fmt.Sprintf("signature-%d@parley", n+1) }

// beginsWithTag tells HTML from Markdown, which may begin with <https://…>, too.
var beginsWithTag = regexp.MustCompile(`^<(?:!--|!DOCTYPE|[A-Za-z][A-Za-z0-9]*[\s/>])`)

// ReadSignature reads a signature: HTML if it begins with a tag, else Markdown. Nothing active and
// no picture that would be loaded from elsewhere is left in its HTML.
// Errors: the source is too large.
func ReadSignature(source string) (Signature, error) {
	source = strings.TrimSpace(source)
	if !beginsWithTag.MatchString(source) {
		var rendered bytes.Buffer
		if err := newMarkdown().Convert([]byte(source), &rendered); err != nil {
			return Signature{}, fmt.Errorf("email: signature: %w", err)
		}
		if !strings.Contains(rendered.String(), "<img") {
			return Signature{Markdown: source}, nil
		}
		source = rendered.String()
	}
	body, _, complete := parseTree(source, func(string) bool { return true }, htmlNodes)
	if !complete || len(source) > htmlBytes {
		return Signature{}, fmt.Errorf("email: signature: more than %d elements or %d bytes", htmlNodes, htmlBytes)
	}
	var s Signature
	images := s.takePictures(body)
	s.HTML = strings.TrimSpace(newPolicy().Sanitize(renderChildren(body)))
	for _, image := range images { // the text has their descriptions
		*image = html.Node{Type: html.TextNode, Data: attr(image, "alt"), Parent: image.Parent, PrevSibling: image.PrevSibling, NextSibling: image.NextSibling}
	}
	body, _ = newHTMLReader(true, nil).parse(renderChildren(body))
	s.Markdown = writeMarkdown(body)
	return s, nil
}

// takePictures notes where pictures are and gives them their content ids. What shows nothing is
// taken out.
func (s *Signature) takePictures(n *html.Node) (images []*html.Node) {
	var next *html.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling
		if c.DataAtom != atom.Img {
			images = append(images, s.takePictures(c)...)
			continue
		}
		from := strings.TrimSpace(attr(c, "src"))
		if from == "" {
			n.RemoveChild(c)
			continue
		}
		setAttr(c, "src", "cid:"+PictureID(s.picture(from)))
		images = append(images, c)
	}
	return images
}

// picture gives the number of a picture, which may be shown several times.
func (s *Signature) picture(from string) int {
	for i, known := range s.Pictures {
		if known == from {
			return i
		}
	}
	s.Pictures = append(s.Pictures, from)
	return len(s.Pictures) - 1
}

// setAttr gives a node an attribute once, whatever it had.
func setAttr(n *html.Node, name, value string) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}
