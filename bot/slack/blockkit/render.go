package blockkit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"parley/bot/shape"
	"parley/bot/view"
	"parley/channels/markdown"
)

// A view.Card is a message or dialog as it looks in every chat. This file draws it with Block Kit, the JSON of Slack's
// messages. A card that is too large for one message continues in further ones.

// MaxTextRunes is how many characters of text Parley puts into one message.
const MaxTextRunes = 3500

// Limits of Block Kit.
// Source: docs.slack.dev/reference/block-kit, read 2026-11.
const (
	maxLabelRunes        = 75 // of a button, or an entry of a menu
	maxActions           = 25 // buttons in one block
	maxOverflow          = 5  // entries of a menu
	maxOverflowValue     = 75 // bytes
	maxConfirmTitleRunes = 100
	maxConfirmTextRunes  = 300
	maxConfirmLabelRunes = 30
)

// Limits of our own, which leave some room below those of Slack.
const (
	maxSectionRunes = 2900
	maxBlocks       = 45              // of a message
	maxMessageSize  = 11500           // characters of all blocks as JSON
	maxNoticeRunes  = 600             // of the text that notifications show
	maxMessageRunes = pageRunes + 300 // a full page, and some lines beside it
	maxWordsRunes   = 35000           // of a message without blocks; Slack cuts at 40,000
)

// Home is the workspace's address, as auth.test returns it, for links to messages. If it is "", links lead
// to the workspace by way of slack.com.
type Home string

// Message is one message's content.
type Message struct {
	Blocks []slackapi.Block
	Text   string // what notifications show, escaped
}

// Remark adds a line of mrkdwn in small letters at the end.
func (m *Message) Remark(text string) {
	m.Blocks = append(m.Blocks, slackapi.NewContextBlock("", mrkdwnObject(text)))
}

// renderer lays a card out in messages; most cards need one.
type renderer struct {
	home     Home
	seed     string // begins the ids of all blocks
	finished []Message
	ids      int              // how many ids of blocks and buttons were made
	words    *strings.Builder // collects the text of all blocks; nil if nobody asks for it

	// The message that is being filled:
	message Message
	runes   int // of its text, about
	size    int // of its blocks as JSON, in characters
}

// Messages lays a card out in one or more messages, with its buttons in the last. The ids of blocks begin with seed. When a
// message is edited, Slack wants other ids than before, so seed must be another one.
func (h Home) Messages(c view.Card, seed string) []Message {
	messages := h.render(c.Blocks, c.Buttons, seed)
	if len(messages) == 0 {
		return []Message{{}}
	}
	return messages
}

// FirstMessage lays out a card in one message. It leaves out what doesn't fit.
func (h Home) FirstMessage(c view.Card, seed string) Message { return h.Messages(c, seed)[0] }

// Words lays a card out as text alone, for a message without blocks, such as one of files.
func (h Home) Words(c view.Card) string {
	r := &renderer{home: h, words: &strings.Builder{}}
	r.renderBlocks(c.Blocks)
	return cutMarkup(strings.TrimSpace(r.words.String()), maxWordsRunes)
}

// render lays out blocks, and buttons below them.
func (h Home) render(blocks []view.Block, buttons []view.Button, seed string) []Message {
	r := &renderer{home: h, seed: seed}
	r.renderBlocks(blocks)
	r.addButtons(buttons)
	r.finishMessage()
	return r.finished
}

// nextID counts one more block or button.
func (r *renderer) nextID() int {
	r.ids++
	return r.ids
}

func (r *renderer) nextBlockID() string { return fmt.Sprintf("%s-%d", r.seed, r.nextID()) }

// finishMessage completes the message that is being filled, and begins an empty one.
func (r *renderer) finishMessage() {
	if len(r.message.Blocks) > 0 {
		r.message.Text = cutMarkup(strings.TrimSpace(r.message.Text), maxNoticeRunes)
		r.finished = append(r.finished, r.message)
	}
	r.message = Message{}
	r.runes = 0
	r.size = 0
}

// cutMarkup cuts a text in mrkdwn, which is Slack's markup, without leaving half a token (<@U1>) or entity (&amp;).
func cutMarkup(s string, maxRunes int) string {
	head := markdown.Cut(s, maxRunes)
	if len(head) == len(s) {
		return s
	}
	head = withoutUnended(head, '<', '>')
	head = withoutUnended(head, '&', ';')
	return head + "…"
}

// withoutUnended cuts s before the last open, if no end comes behind it.
func withoutUnended(s string, open, end byte) string {
	at := strings.LastIndexByte(s, open)
	if at > strings.LastIndexByte(s, end) {
		return s[:at]
	}
	return s
}

// addBlock adds a block. If the block doesn't fit, addBlock begins a new message. text is what notifications show of the
// block, and runes is how many characters people see in it.
func (r *renderer) addBlock(b slackapi.Block, text string, runes int) {
	size := sizeOf(b)
	if !r.hasRoom(runes, size) {
		r.finishMessage()
	}
	r.message.Blocks = append(r.message.Blocks, b)
	r.runes += runes
	r.size += size
	if text != "" {
		r.message.Text += text + "\n"
		if r.words != nil {
			r.words.WriteString(text + "\n")
		}
	}
}

// addText adds a block that shows text in mrkdwn.
func (r *renderer) addText(b slackapi.Block, text string) {
	r.addBlock(b, text, utf8.RuneCountInString(text))
}

// sizeOf returns how many characters a block has as JSON.
func sizeOf(b slackapi.Block) int {
	raw, err := json.Marshal(b)
	if err != nil { // such a block can't be sent anyway
		return 0
	}
	return utf8.RuneCount(raw)
}

// hasRoom reports whether a block fits into the message. The first block always does.
func (r *renderer) hasRoom(runes, size int) bool {
	blocks := len(r.message.Blocks)
	if blocks == 0 {
		return true
	}
	if blocks >= maxBlocks {
		return false
	}
	return r.runes+runes <= maxMessageRunes && r.size+size <= maxMessageSize
}

func (r *renderer) renderBlocks(blocks []view.Block) {
	for _, b := range blocks {
		r.renderBlock(b)
	}
}

func (r *renderer) renderBlock(b view.Block) {
	switch b.Kind {
	case view.BlockBody, view.BlockQuote:
		r.renderBody(b)
	case view.BlockSmall:
		text := r.renderPieces(b.Pieces)
		r.addText(slackapi.NewContextBlock(r.nextBlockID(), mrkdwnObject(text)), text)
	case view.BlockItem:
		r.renderItem(b)
	case view.BlockLine:
		text := r.renderPieces(b.Pieces)
		r.addText(makeSection(r.nextBlockID(), text, nil), text)
	}
}

// renderPieces renders a line within a section's limit. It leaves out whole pieces, since a cut could break their syntax.
func (r *renderer) renderPieces(pieces []view.Piece) string {
	var line strings.Builder
	runes := 0
	for _, p := range pieces {
		text := r.home.renderPiece(shape.CutPiece(p))
		runes += utf8.RuneCountInString(text)
		if runes > maxSectionRunes {
			line.WriteString(" …")
			break
		}
		line.WriteString(text)
	}
	return orBlank(line.String())
}

// orBlank returns a blank for an empty text, since Slack refuses blocks without text.
func orBlank(text string) string { return cmp.Or(text, " ") }

// renderBody renders Markdown, in as many blocks as it needs.
func (r *renderer) renderBody(b view.Block) {
	parts := markdown.Parts(b.Text)
	if b.Kind == view.BlockQuote {
		for i := range parts {
			if parts[i].Kind != markdown.Code { // a quotation of Slack has no code blocks
				parts[i] = markdown.Part{Kind: markdown.Quote, Runs: runsInQuote(parts[i])}
			}
		}
	}
	for _, page := range splitPages(parts) {
		text := markdown.Plain(page)
		r.addBlock(richText(r.nextBlockID(), page), escape(text), utf8.RuneCountInString(text))
	}
}

// runsInQuote returns the runs of a part that is quoted. It writes the mark of a list item as text, because a quotation has
// no lists.
func runsInQuote(p markdown.Part) []markdown.Run {
	if p.Kind != markdown.Item {
		return p.Runs
	}
	mark := "• "
	if p.Ordered {
		mark = fmt.Sprintf("%d. ", p.Number)
	}
	indent := strings.Repeat("  ", p.Indent)
	return append([]markdown.Run{{Text: indent + mark}}, p.Runs...)
}

// renderItem renders an entry of a list. Beside it stands a menu of its buttons, or its only button. Buttons that can't be in
// a menu stand below it.
func (r *renderer) renderItem(b view.Block) {
	text := r.renderPieces(b.Pieces)
	if menu := r.overflowMenu(b.Buttons); menu != nil {
		r.addText(makeSection(r.nextBlockID(), text, slackapi.NewAccessory(menu)), text)
		return
	}
	if len(b.Buttons) == 1 {
		r.addText(makeSection(r.nextBlockID(), text, slackapi.NewAccessory(r.makeButton(b.Buttons[0]))), text)
		return
	}
	r.addText(makeSection(r.nextBlockID(), text, nil), text)
	r.addButtons(b.Buttons)
}

// overflowMenu makes a menu of buttons. It returns nil if they don't fit, or if one of them asks first, which an entry of a
// menu can't.
func (r *renderer) overflowMenu(buttons []view.Button) *slackapi.OverflowBlockElement {
	if len(buttons) < 2 || len(buttons) > maxOverflow {
		return nil
	}
	options := make([]*slackapi.OptionBlockObject, 0, len(buttons))
	for _, b := range buttons {
		value := optionValue(b)
		if len(value) > maxOverflowValue || b.Confirm != "" {
			return nil
		}
		options = append(options, slackapi.NewOptionBlockObject(value, cutObject(b.Label, maxLabelRunes), nil))
	}
	return slackapi.NewOverflowBlockElement("menu:"+r.nextBlockID(), options...)
}

func (r *renderer) addButtons(buttons []view.Button) {
	for _, row := range view.Rows(buttons, maxActions) {
		elements := make([]slackapi.BlockElement, 0, len(row))
		for _, b := range row {
			elements = append(elements, r.makeButton(b))
		}
		r.addBlock(slackapi.NewActionBlock(r.nextBlockID(), elements...), "", 0)
	}
}

// makeButton makes a button. Its verb stands in the action id, and the arguments in the value; ReadClick reads them when the
// button is clicked.
func (r *renderer) makeButton(b view.Button) *slackapi.ButtonBlockElement {
	id := fmt.Sprintf("b:%s:%s:%d", b.Verb, b.Opens, r.nextID())
	button := slackapi.NewButtonBlockElement(id, b.Value, cutObject(b.Label, maxLabelRunes))
	switch b.Style {
	case view.StylePrimary:
		button.WithStyle(slackapi.StylePrimary)
	case view.StyleDanger:
		button.WithStyle(slackapi.StyleDanger)
	case view.StylePlain: // Slack's default
	}

	if b.Confirm != "" {
		button.WithConfirm(slackapi.NewConfirmationBlockObject(
			cutObject(b.Label, maxConfirmTitleRunes),
			cutObject(b.Confirm, maxConfirmTextRunes),
			cutObject(b.Label, maxConfirmLabelRunes),
			plainObject("Cancel"),
		))
	}

	return button
}

// optionValue packs into the value of a menu's entry what a button has in its action id and value.
func optionValue(b view.Button) string { return string(b.Verb) + "|" + string(b.Opens) + "|" + b.Value }

func makeSection(id, text string, accessory *slackapi.Accessory) *slackapi.SectionBlock {
	return slackapi.NewSectionBlock(mrkdwnObject(text), nil, accessory, slackapi.SectionBlockOptionBlockID(id))
}

// mrkdwnObject makes a text in which Slack makes no links of plain addresses or names.
func mrkdwnObject(text string) *slackapi.TextBlockObject {
	const emoji, verbatim = false, true
	return slackapi.NewTextBlockObject(slackapi.MarkdownType, text, emoji, verbatim)
}

// plainObject makes a text without markup.
func plainObject(text string) *slackapi.TextBlockObject {
	const emoji, verbatim = false, false
	return slackapi.NewTextBlockObject(slackapi.PlainTextType, orBlank(text), emoji, verbatim)
}

// cutObject makes a text without markup, cut to a limit of Slack's.
func cutObject(text string, maxRunes int) *slackapi.TextBlockObject {
	return plainObject(markdown.Cut(text, maxRunes))
}
