package knowledge

import (
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

// sections cuts a page into what stands below each heading. A long one is cut at its paragraphs. title names the
// page where it has no heading of its own.
func sections(title, text string) []knowledge.Section {
	var list []knowledge.Section
	page, below := "", ""
	var body strings.Builder
	end := func() {
		name := oneLine(below)
		switch {
		case name == "":
			name = oneLine(title)
		case page != "" && page != below:
			name = oneLine(page) + ": " + name
		}
		for _, part := range parts(strings.TrimSpace(body.String())) {
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
		if below = m[1]; page == "" {
			page = below
		}
	}
	end()
	return list
}

// parts cuts a text at its paragraphs so that each part fits into a reply.
func parts(text string) []string {
	var list []string
	part := ""
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph == "" {
			continue
		}
		if part != "" && utf8.RuneCountInString(part)+utf8.RuneCountInString(paragraph) > sectionRunes {
			list, part = append(list, part), ""
		}
		part = strings.TrimSpace(part + "\n\n" + markdown.Cut(paragraph, sectionRunes))
	}
	if part != "" {
		list = append(list, part)
	}
	return list
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
