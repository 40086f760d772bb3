package card

import (
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/view"
	"parley/channels/markdown"
)

// lineElement lays out a line. Where possible it is a RichTextBlock, in which text is literal. Mentions, times in the reader's
// own zone, and links that work in all clients exist only in a TextBlock, whose text is Markdown. So a line with one of
// them becomes a TextBlock, in which words must not be taken for markup (showLiterally).
// Source: learn.microsoft.com/adaptive-cards/authoring-cards/text-features (DATE and TIME),
// learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
// (mentions), github.com/microsoft/AdaptiveCards issues 5804 and 9100 (links of TextRuns
// that didn't work or broke lines), all read 2026-11.
func (r *renderer) lineElement(pieces []view.Piece, small bool) element {
	for _, p := range pieces {
		switch p.Kind {
		case view.PieceTime, view.PieceLink, view.PieceThread:
			return r.textBlock(pieces, small)
		case view.PieceMention:
			if isUserID(p.Agent.User) {
				return r.textBlock(pieces, small)
			}
		default:
		}
	}

	e := element{Type: "RichTextBlock"}
	for _, p := range pieces {
		run := pieceRun(shape.CutPiece(p))
		run.Size, run.Subtle = textSize(small)
		e.Inlines = appendRun(e.Inlines, run)
	}

	if len(e.Inlines) == 0 {
		e.Inlines = []inline{textRun(" ")}
	}

	return e
}

// appendRun adds a run. It joins the run to the last one if both look the same.
func appendRun(runs []inline, run inline) []inline {
	if last := len(runs) - 1; last >= 0 {
		lastWithText := runs[last]
		lastWithText.Text = run.Text
		if lastWithText == run { // nothing but the texts differs
			runs[last].Text += run.Text
			return runs
		}
	}
	if run.Text == "" {
		return runs
	}
	return append(runs, run)
}

const normalText, smallText = false, true // whether a text is small

// textSize returns the size of a text, and whether it is pale.
func textSize(small bool) (size string, subtle bool) {
	if small {
		return "Small", true
	}
	return "", false
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
func (r *renderer) textBlock(pieces []view.Piece, small bool) element {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(r.pieceMarkup(shape.CutPiece(p)))
	}
	e := element{Type: "TextBlock", Text: guardStart(b.String()), Wrap: true}
	e.Size, e.Subtle = textSize(small)
	return e
}

// pieceMarkup renders a piece as the Markdown of a TextBlock.
func (r *renderer) pieceMarkup(p view.Piece) string {
	words := showLiterally(p.Text)
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
	address = strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", `\`, "%5C", "*", "%2A", "{", "%7B").Replace(address)
	return "[" + words + "](" + address + ")"
}
