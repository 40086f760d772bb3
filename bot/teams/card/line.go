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

// textSize is how large a text is drawn.
type textSize string

const (
	sizeNormal textSize = ""
	sizeSmall  textSize = "Small" // it is also pale
)

// lineElement lays out a line: as a RichTextBlock, in which text is literal, or where that can't show all of it as a TextBlock,
// whose text is Markdown.
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

// needsMarkdown reports whether only Markdown can show a piece: mentions, times in the reader's own zone, and links that work in
// all clients.
// Source: learn.microsoft.com/adaptive-cards/authoring-cards/text-features (DATE and TIME),
// learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
// (mentions), github.com/microsoft/AdaptiveCards issues 5804 and 9100 (links of TextRuns
// that didn't work or broke lines), all read 2026-11.
func needsMarkdown(p view.Piece) bool {
	switch p.Kind {
	case view.PieceTime, view.PieceLink, view.PieceThread:
		return true
	case view.PieceMention:
		return isUserID(string(p.Agent.User))
	default:
		return false
	}
}

// appendRun adds a run. It joins the run to the last one if both look the same.
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

// haveSameLook reports whether two runs differ in nothing but their texts.
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
	case view.PieceText, view.PieceMention, view.PieceTime, view.PieceLink, view.PieceThread:
	}
	return run
}

// isWebURL reports whether an address is one that Teams opens.
func isWebURL(s string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(s), ":")
	switch scheme {
	case "http", "https", "mailto":
		return markdown.SafeURL(s, false) != ""
	}
	return false
}

// textBlock lays pieces out as a TextBlock, whose text is Markdown.
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
		at := p.At.UTC().Format(time.RFC3339) // whole seconds: the functions know no fractions
		return "{{DATE(" + at + ", COMPACT)}} {{TIME(" + at + ")}}"
	case view.PieceMention:
		if text := r.people.add(p.Agent, p.Text); text != "" {
			return text
		}
	case view.PieceLink:
		return markdownLink(words, p.URL)
	case view.PieceThread:
		return markdownLink(words, r.home.Link(p.Place))
	case view.PieceText:
	}

	return words
}

// markdownLink makes a link of Markdown. It returns the words alone if Teams doesn't open the address.
func markdownLink(words, address string) string {
	if !isWebURL(address) || strings.TrimSpace(words) == "" {
		return words
	}
	for _, c := range markupInAddress {
		address = strings.ReplaceAll(address, string(c), fmt.Sprintf("%%%02X", c))
	}
	return "[" + words + "](" + address + ")"
}

// markupInAddress has the characters that would end the address of a link, or be markup within it.
const markupInAddress = `() <>\*{`
