package inbox

import (
	"html/template"

	"parley/channels/markdown"
)

// Messages are stored as canonical Markdown. This file makes of it what thread.html draws (its templates "formatted" and
// "runs"): "Hello **Ann**" is one passage with the runs "Hello " and "Ann", of which the second is bold.

// passage is a paragraph, list item, quotation or code block.
type passage struct {
	Kind   markdown.Kind
	Level  int    // of a list item: how many lists contain its list
	Bullet string // of a list item: "•", or its number as "2."
	Runs   []run
}

// run is a piece of text with uniform formatting.
type run struct {
	markdown.Style
	Text string
	Link template.URL // "" if it is no link
}

// passagesOf returns the passages of a text in canonical Markdown.
func passagesOf(text string) []passage {
	var list []passage
	for _, part := range markdown.Parts(text) {
		p := passage{Kind: part.Kind, Level: part.Indent}
		if part.Kind == markdown.Item {
			p.Bullet = part.Bullet()
		}
		for _, r := range part.Runs {
			link := template.URL(r.URL) //nolint:gosec // Parts links to http, https, mailto and tel only
			p.Runs = append(p.Runs, run{Style: r.Style, Text: r.Text, Link: link})
		}
		list = append(list, p)
	}
	return list
}
