package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/view"
	"parley/channels/markdown"
)

// A line of a card is a list of pieces (view.Piece): text, bold text, a mention, a time, a link and so on. This file
// draws one line. Adaptive Cards have two elements for that, and each lacks something: a RichTextBlock shows text
// literally but has no mentions; a TextBlock has mentions but reads its text as Markdown.

type textSize string

const (
	sizeNormal textSize = ""
	sizeSmall  textSize = "Small" // drawn in a pale colour, too
)

// lineElement draws a line as a RichTextBlock if that can show all pieces, and otherwise as a TextBlock.
func (r *renderer) lineElement(pieces []view.Piece, size textSize) element {
	if slices.ContainsFunc(pieces, needsMarkdown) {
		return r.textBlock(pieces, size)
	}

	e := element{Type: "RichTextBlock"}
	for _, p := range pieces {
		run := pieceRun(shape.CutPiece(p))
		run.Size, run.Subtle = size, size == sizeSmall
		e.Inlines = appendRun(e.Inlines, run)
	}

	if len(e.Inlines) == 0 {
		e.Inlines = []inline{textRun(" ")}
	}

	return e
}

// needsMarkdown reports whether only a TextBlock can show a piece. These are mentions, times in the reader's time zone
// and links that work in all clients.
// Source: learn.microsoft.com/adaptive-cards/authoring-cards/text-features (DATE and TIME),
// learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
// (mentions), github.com/microsoft/AdaptiveCards issues 5804 and 9100 (links of TextRuns
// that didn't work or broke lines), all read 2026-11.
func needsMarkdown(p view.Piece) bool {
	switch p.Kind {
	case view.PieceTime, view.PieceLink, view.PieceThread, view.PieceChat:
		return true
	case view.PieceMention:
		return isUserID(string(p.Agent.User))
	default:
		return false
	}
}

// appendRun appends a run, or adds its text to the last run if both look the same.
func appendRun(runs []inline, run inline) []inline {
	if last := len(runs) - 1; last >= 0 && haveSameLook(runs[last], run) {
		runs[last].Text += run.Text
		return runs
	}
	if run.Text == "" {
		return runs
	}
	return append(runs, run)
}

// haveSameLook reports whether two runs differ only in their texts.
func haveSameLook(a, b inline) bool {
	a.Text, b.Text = "", ""
	return a == b
}

func textRun(s string) inline { return inline{Type: "TextRun", Text: literalRun(s)} }

func pieceRun(p view.Piece) inline {
	run := textRun(oneLine(p.Text))
	switch p.Kind {
	case view.PieceBold:
		run.Weight = "Bolder"
	case view.PieceCode:
		run.Font = "Monospace"
	case view.PieceIcon:
		run.Text = findEmoji(p.Text)
	case view.PieceTag:
		run.Text = findEmoji(view.TagIcon(p.Color)) + " " + run.Text
	case view.PieceText, view.PieceMention, view.PieceTime, view.PieceLink, view.PieceThread, view.PieceChat:
	}
	return run
}

// isWebURL reports whether Teams opens an address.
func isWebURL(s string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(s), ":")
	switch scheme {
	case "http", "https", "mailto":
		return markdown.SafeURL(s, false) != ""
	}
	return false
}

// textBlock draws a line as a TextBlock.
func (r *renderer) textBlock(pieces []view.Piece, size textSize) element {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(r.pieceMarkup(shape.CutPiece(p)))
	}
	e := element{Type: "TextBlock", Text: guardStart(b.String()), Wrap: true}
	e.Size, e.Subtle = size, size == sizeSmall
	return e
}

// pieceMarkup renders a piece as the Markdown of a TextBlock.
func (r *renderer) pieceMarkup(p view.Piece) string {
	words := literalBlock(p.Text)
	switch p.Kind {
	case view.PieceBold, view.PieceCode: // TextBlocks have no code: bold stands for it
		if strings.TrimSpace(words) != "" {
			return "**" + strings.TrimSpace(words) + "**"
		}
	case view.PieceIcon:
		return findEmoji(p.Text)
	case view.PieceTag:
		return findEmoji(view.TagIcon(p.Color)) + " " + words
	case view.PieceTime:
		at := p.At.UTC().Format(time.RFC3339) // whole seconds: DATE and TIME don't parse fractions
		return "{{DATE(" + at + ", COMPACT)}} {{TIME(" + at + ")}}"
	case view.PieceMention:
		if text := r.people.add(p.Agent, p.Text); text != "" {
			return text
		}
	case view.PieceLink:
		return markdownLink(words, p.URL)
	case view.PieceThread:
		return markdownLink(words, r.home.Link(p.Place))
	case view.PieceChat:
		return markdownLink(words, r.home.chatLink(p))
	case view.PieceText:
	}

	return words
}

// markdownLink returns a Markdown link, or only the words if Teams doesn't open the address.
func markdownLink(words, address string) string {
	if !isWebURL(address) || strings.TrimSpace(words) == "" {
		return words
	}
	for _, c := range markupInAddress {
		address = strings.ReplaceAll(address, string(c), fmt.Sprintf("%%%02X", c))
	}
	return "[" + words + "](" + address + ")"
}

// markupInAddress has the characters that would end the address of a link or be markup in it.
const markupInAddress = `() <>\*{`

// findEmoji returns the characters of a shortcode: "🎉" for "tada" or ":tada:". It returns "" for an unknown shortcode,
// because Teams would show its name.
func findEmoji(name string) string {
	switch name = strings.Trim(name, ":"); name {
	case "email": // Slack's is an envelope
		return "📧"
	case "city_sunset": // Slack's is at dusk
		return "🌇"
	}
	return shape.FindEmoji(name)
}
