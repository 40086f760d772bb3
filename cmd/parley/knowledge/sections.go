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
	maxSections     = 100  // of a page
	maxSectionRunes = 1500 // so that one fits into a reply
	maxTitleRunes   = 120
)

// heading is a line of Markdown that begins a section.
var heading = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$`)

// cutSections cuts a page into what stands below each heading. A long section is cut at its paragraphs. title names what
// stands above the first heading. Sections beyond maxSections are left out.
func cutSections(title, text string) []knowledge.Section {
	var list []knowledge.Section
	page := ""    // the first heading, which names the page
	current := "" // the heading above the section
	var body strings.Builder
	endSection := func() {
		name := oneLine(current)
		if name == "" {
			name = oneLine(title)
		} else if page != "" && page != current {
			name = oneLine(page) + ": " + name
		}

		for _, part := range cutParts(strings.TrimSpace(body.String())) {
			if len(list) < maxSections {
				list = append(list, knowledge.Section{Title: markdown.Cut(name, maxTitleRunes), Body: part})
			}
		}

		body.Reset()
	}

	inCode := false // between two lines of ```, where "#" begins no heading
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inCode = !inCode
		}

		match := heading.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if match == nil || inCode {
			body.WriteString(line)
			continue
		}

		endSection()
		current = match[1]
		page = cmp.Or(page, current)
	}

	endSection()
	return list
}

// cutParts cuts a text between paragraphs so that each part fits into a reply. A longer paragraph is shortened.
func cutParts(text string) []string {
	var list []string
	part := ""
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		paragraph = strings.TrimSpace(paragraph)
		if paragraph == "" {
			continue
		}

		runes := utf8.RuneCountInString(part) + utf8.RuneCountInString(paragraph)
		if part != "" && runes > maxSectionRunes {
			list = append(list, part)
			part = ""
		}

		part = strings.TrimSpace(part + "\n\n" + markdown.Cut(paragraph, maxSectionRunes))
	}

	if part != "" {
		list = append(list, part)
	}

	return list
}

// oneLine joins the words of a text with single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
