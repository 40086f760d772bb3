package bodytext

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Signature is a signature of mails, as ReadSignature reads it.
type Signature struct {
	Markdown string   // for plain text; pictures are replaced by their descriptions
	HTML     string   // sanitised; "" if Markdown shows all of it
	Pictures []string // the addresses of HTML's pictures, as they were written; PictureID(n) is the nth's content id
}

// PictureID returns the content id by which a signature's HTML shows its nth picture, from 0.
func PictureID(n int) string { return fmt.Sprintf("signature-%d@parley", n+1) }

// beginsWithTag tells HTML from Markdown, which may begin with <https://…>.
var beginsWithTag = regexp.MustCompile(`^<(?:!--|!DOCTYPE|[A-Za-z][A-Za-z0-9]*[\s/>])`)

// ReadSignature reads a signature, which is HTML if it begins with a tag, and otherwise Markdown. The resulting HTML
// has no active content, and shows pictures by content ids, so that none is loaded from elsewhere.
// Errors: the source is too large.
func ReadSignature(source string) (Signature, error) {
	source = strings.TrimSpace(source)
	if !beginsWithTag.MatchString(source) {
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

	for _, image := range images { // Markdown has their descriptions instead
		*image = html.Node{
			Type:        html.TextNode,
			Data:        attributeOf(image, "alt"),
			Parent:      image.Parent,
			PrevSibling: image.PrevSibling,
			NextSibling: image.NextSibling,
		}
	}

	body, _ = NewReader(true, nil).parse(renderChildren(body))
	s.Markdown = writeMarkdown(body)
	return s, nil
}

var (
	pictureAddress = regexp.MustCompile(`(?m)^\[([^\]\n]+)\]:[ \t]*((?:data|https):\S+)[ \t]*$`) // [logo]: data:…
	pictureByName  = regexp.MustCompile(`(!\[[^\]\n]*\])\[([^\]\n]+)\]`)                         // ![Acme][logo]
)

// inlinePictureAddresses replaces the names of pictures by their addresses: ![Acme][logo] becomes
// ![Acme](data:…) if a line says [logo]: data:…. Canonical Markdown (package markdown) has no such names.
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

	// Lines with an address that no picture uses are text.
	source = pictureAddress.ReplaceAllStringFunc(source, func(line string) string {
		if used[pictureAddress.FindStringSubmatch(line)[1]] {
			return ""
		}
		return line
	})

	return strings.TrimSpace(source)
}

// takePictures adds the addresses of pictures to Pictures and replaces them by content ids. It removes
// pictures without an address.
func (s *Signature) takePictures(n *html.Node) (images []*html.Node) {
	var next *html.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling

		if c.DataAtom != atom.Img {
			images = append(images, s.takePictures(c)...)
			continue
		}

		from := strings.TrimSpace(attributeOf(c, "src"))
		if from == "" {
			n.RemoveChild(c)
			continue
		}

		setAttr(c, "src", "cid:"+PictureID(s.pictureIndex(from)))
		images = append(images, c)
	}

	return images
}

// pictureIndex returns the index of an address in Pictures, and adds it if it is new.
func (s *Signature) pictureIndex(from string) int {
	for i, known := range s.Pictures {
		if known == from {
			return i
		}
	}
	s.Pictures = append(s.Pictures, from)
	return len(s.Pictures) - 1
}

// setAttr sets an attribute of a node.
func setAttr(n *html.Node, name, value string) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}
