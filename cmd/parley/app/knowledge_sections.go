package app

import (
	"cmp"
	"regexp"
	"strings"
	"unicode/utf8"

	"parley/channels/markdown"
	"parley/store"
)

const (
	maxSections     = 100  // per page
	maxSectionRunes = 1500 // so that one fits into a reply
	maxTitleRunes   = 120
)

// heading matches a Markdown heading, such as "## Deadlines". Its group is the heading's text.
var heading = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$`)

// cutSections splits a page into sections, one for the text below each heading. The page's first heading becomes part of
// the titles of the later sections:
//
//	# Returns           title "Returns"
//	Send it back.
//	## Deadlines        title "Returns: Deadlines"
//	You have 30 days.
//
// Text above the first heading gets title. A long section is split between paragraphs. Sections beyond maxSections
// are dropped.
func cutSections(title, text string) []store.KnowledgeSection {
	var list []store.KnowledgeSection
	page := ""    // the page's first heading
	current := "" // the current section's heading
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
				list = append(list, store.KnowledgeSection{Title: markdown.Cut(name, maxTitleRunes), Body: part})
			}
		}

		body.Reset()
	}

	inCode := false // in a fenced code block, where "#" isn't a heading
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

// cutParts splits a text between paragraphs into parts of at most maxSectionRunes. A longer paragraph is truncated.
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

// oneLine collapses all white space to single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
