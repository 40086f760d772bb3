package message

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// This file prepares the signature that an administrator has configured for the mails of agents. It may be Markdown, or
// HTML as it was copied from a mail program. Mails have it as plain text and, if it has pictures or layout, as HTML.

// Signature is a configured signature in both forms.
type Signature struct {
	Markdown string   // for plain text; pictures are replaced by their descriptions
	HTML     string   // sanitised; "" if Markdown is enough
	Pictures []string // the addresses of the pictures; HTML shows Pictures[i] as "cid:" + PictureID(i)
}

// PictureID returns the content id of Signature.Pictures[i].
func PictureID(i int) string { return fmt.Sprintf("signature-%d@parley", i+1) }

// beginsWithTag matches HTML, but not Markdown that begins with <https://…>.
var beginsWithTag = regexp.MustCompile(`^<(?:!--|!DOCTYPE|[A-Za-z][A-Za-z0-9]*[\s/>])`)

// IsHTML reports whether ReadSignature parses a signature as HTML.
func IsHTML(source string) bool { return beginsWithTag.MatchString(strings.TrimSpace(source)) }

// ReadSignature parses a signature, which is HTML if it begins with a tag, and Markdown otherwise. The resulting HTML
// has no active content and refers to pictures by content id only, so that mail programs load nothing.
// It returns an error if the source is too large.
func ReadSignature(source string) (Signature, error) {
	source = strings.TrimSpace(source)
	if !IsHTML(source) {
		source = inlinePictureAddresses(source)
		var rendered bytes.Buffer
		if err := NewRenderer().Convert([]byte(source), &rendered); err != nil {
			return Signature{}, fmt.Errorf("email: signature: %w", err)
		}
		if !strings.Contains(rendered.String(), "<img") {
			return Signature{Markdown: source}, nil
		}

		source = rendered.String()
	}

	body, _, complete := parseTree(source, func(string) bool { return true }, maxHTMLNodes)
	if !complete || len(source) > maxHTMLBytes {
		return Signature{}, fmt.Errorf("email: signature: more than %d elements or %d bytes", maxHTMLNodes, maxHTMLBytes)
	}

	var s Signature
	images := s.takePictures(body)
	s.HTML = strings.TrimSpace(NewPolicy().Sanitize(renderChildren(body)))

	for _, image := range images { // the Markdown has their descriptions instead
		*image = html.Node{
			Type:        html.TextNode,
			Data:        attributeOf(image, "alt"),
			Parent:      image.Parent,
			PrevSibling: image.PrevSibling,
			NextSibling: image.NextSibling,
		}
	}

	body, _ = NewReader(nil).parse(renderChildren(body))
	s.Markdown = writeMarkdown(body)
	return s, nil
}

var (
	pictureAddress = regexp.MustCompile(`(?m)^\[([^\]\n]+)\]:[ \t]*((?:data|https):\S+)[ \t]*$`) // [logo]: data:…
	pictureByName  = regexp.MustCompile(`(!\[[^\]\n]*\])\[([^\]\n]+)\]`)                         // ![Acme][logo]
)

// inlinePictureAddresses replaces references to pictures by their addresses: ![Acme][logo] becomes ![Acme](data:…) if
// there is a line "[logo]: data:…". The Markdown of package markdown has no references.
func inlinePictureAddresses(source string) string {
	addresses := map[string]string{}
	for _, found := range pictureAddress.FindAllStringSubmatch(source, -1) {
		addresses[found[1]] = found[2]
	}

	used := map[string]bool{}
	source = pictureByName.ReplaceAllStringFunc(source, func(picture string) string {
		found := pictureByName.FindStringSubmatch(picture)
		address := addresses[found[2]]
		if address == "" {
			return picture
		}

		used[found[2]] = true
		return found[1] + "(" + address + ")"
	})

	// Remove the lines that were used. Others are text.
	source = pictureAddress.ReplaceAllStringFunc(source, func(line string) string {
		if used[pictureAddress.FindStringSubmatch(line)[1]] {
			return ""
		}
		return line
	})

	return strings.TrimSpace(source)
}

// takePictures moves the addresses of all pictures in n to Pictures, and replaces them by content ids. It removes
// pictures without an address, and returns the others.
func (s *Signature) takePictures(n *html.Node) (images []*html.Node) {
	var next *html.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling

		if c.DataAtom != atom.Img {
			images = append(images, s.takePictures(c)...)
			continue
		}

		address := strings.TrimSpace(attributeOf(c, "src"))
		if address == "" {
			n.RemoveChild(c)
			continue
		}

		setAttr(c, "src", "cid:"+PictureID(s.pictureIndex(address)))
		images = append(images, c)
	}

	return images
}

// pictureIndex returns the index of an address in Pictures. It appends an address that is new.
func (s *Signature) pictureIndex(address string) int {
	if i := slices.Index(s.Pictures, address); i >= 0 {
		return i
	}
	s.Pictures = append(s.Pictures, address)
	return len(s.Pictures) - 1
}

func setAttr(n *html.Node, name, value string) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}
