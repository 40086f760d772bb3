package knowledge

import (
	"cmp"
	"regexp"
	"strings"
	"unicode/utf8"

	"parley/channels/markdown"
	"parley/store/knowledge"
)

const (
	mostSections = 100  // of a page
	sectionRunes = 1500 // so that one fits into a reply
	titleRunes   = 120
)

// heading is a line of Markdown that begins a section.
var heading = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$`)

// cutSections cuts a page into what stands below each heading. A long section is cut at its paragraphs. title names what
// stands above the first heading. Sections beyond mostSections are left out.
func cutSections(title, text string) []knowledge.Section {
	var list []knowledge.Section
	page, current := "", "" // the first heading, which names the page, and the one above the section
	var body strings.Builder
	end := func() {
		name := oneLine(current)
		if name == "" {
			name = oneLine(title)
		} else if page != "" && page != current {
			name = oneLine(page) + ": " + name
		}
		for _, part := range cutParts(strings.TrimSpace(body.String())) {
			if len(list) < mostSections {
				list = append(list, knowledge.Section{Title: markdown.Cut(name, titleRunes), Body: part})
			}
		}
		body.Reset()
	}
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		m := heading.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil || fenced {
			body.WriteString(line)
			continue
		}
		end()
		current = m[1]
		page = cmp.Or(page, current)
	}
	end()
	return list
}

// cutParts cuts a text at its paragraphs so that each part fits into a reply.
func cutParts(text string) []string {
	var list []string
	part := ""
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		paragraph = strings.TrimSpace(paragraph)
		if paragraph == "" {
			continue
		}
		runes := utf8.RuneCountInString(part) + utf8.RuneCountInString(paragraph)
		if part != "" && runes > sectionRunes {
			list = append(list, part)
			part = ""
		}
		part = strings.TrimSpace(part + "\n\n" + markdown.Cut(paragraph, sectionRunes))
	}
	if part != "" {
		list = append(list, part)
	}
	return list
}

// oneLine joins the words of a text with single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
