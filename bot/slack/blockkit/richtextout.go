package blockkit

import (
	slackapi "github.com/slack-go/slack"

	"parley/channels/markdown"
)

// This file writes rich text, Slack's structured form of a formatted message: a rich_text block has sections, lists,
// quotes and code, and a section has runs of text and links. Unlike mrkdwn, its text is never interpreted as markup.

// richText renders a page as one block.
func richText(blockID string, page []markdown.Part) *slackapi.RichTextBlock {
	var out []slackapi.RichTextElement
	for i := 0; i < len(page); i++ {
		p := page[i]
		switch p.Kind {
		case markdown.Item:
			end := listEnd(page, i)
			out = append(out, richList(page[i:end]))
			i = end - 1
		case markdown.Quote:
			out = append(out, &slackapi.RichTextQuote{Type: slackapi.RTEQuote, Elements: richRuns(p.Runs)})
		case markdown.Code:
			out = append(out, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted, Elements: richRuns(p.Runs)})
		case markdown.Section:
			runs := p.Runs
			if i+1 < len(page) && page[i+1].Kind == markdown.Section {
				gap := markdown.Run{Text: "\n\n"} // Slack doesn't separate adjacent sections
				runs = append(append([]markdown.Run{}, runs...), gap)
			}
			out = append(out, slackapi.NewRichTextSection(richRuns(runs)...))
		}
	}

	return slackapi.NewRichTextBlock(blockID, out...)
}

// listEnd returns the index after the last item of the list that begins at page[begin].
func listEnd(page []markdown.Part, begin int) int {
	end := begin + 1
	for end < len(page) && isOfSameList(page[end], page[begin]) {
		end++
	}
	return end
}

// isOfSameList reports whether p is an item and can be in the same list as another item. All items of a list in Slack
// have the same indent and are either numbered or not.
func isOfSameList(p, item markdown.Part) bool {
	if p.Kind != markdown.Item {
		return false
	}
	return p.Indent == item.Indent && p.Ordered == item.Ordered
}

// richList renders a list. items must not be empty.
func richList(items []markdown.Part) slackapi.RichTextElement {
	kind := slackapi.RTEListBullet
	if items[0].Ordered {
		kind = slackapi.RTEListOrdered
	}
	sections := make([]slackapi.RichTextElement, 0, len(items))
	for _, it := range items {
		sections = append(sections, slackapi.NewRichTextSection(richRuns(it.Runs)...))
	}
	list := slackapi.NewRichTextList(kind, items[0].Indent, sections...)
	if items[0].Ordered && items[0].Number > 1 {
		list.Offset = items[0].Number - 1
	}
	return list
}

// richRuns renders runs of text. It omits the label of a link whose text is its address.
func richRuns(runs []markdown.Run) []slackapi.RichTextSectionElement {
	var out []slackapi.RichTextSectionElement
	for _, r := range markdown.Merge(runs) {
		var style *slackapi.RichTextSectionTextStyle
		if r.Style != (markdown.Style{}) {
			style = &slackapi.RichTextSectionTextStyle{
				Bold: r.Style.Bold, Italic: r.Style.Italic, Strike: r.Style.Strike, Code: r.Style.Code,
			}
		}

		if r.URL != "" {
			label := r.Text
			if label == r.URL {
				label = ""
			}

			out = append(out, slackapi.NewRichTextSectionLinkElement(r.URL, label, style))
			continue
		}

		out = append(out, slackapi.NewRichTextSectionTextElement(r.Text, style))
	}

	return out
}
