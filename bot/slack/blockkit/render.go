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

// A view.Card describes a message or dialog independently of any chat: blocks, such as a paragraph, a quote or an
// entry of a list, and buttons. This file draws it with Block Kit, the JSON of Slack's messages. For example, a
// view.BlockLine becomes a "section" block. A card that is too large for one message continues in further ones.

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

// Our own limits, some way below Slack's.
const (
	maxSectionRunes = 2900
	maxBlocks       = 45              // in a message
	maxMessageSize  = 11500           // characters of all blocks of a message as JSON
	maxNoticeRunes  = 600             // the text of notifications
	maxMessageRunes = pageRunes + 300 // a full page, and some lines around it
	maxWordsRunes   = 35000           // a message without blocks; Slack truncates at 40,000
)

// Home is the workspace's URL, as auth.test returns it. It is the base of links to messages. If it is "", links go
// through slack.com.
type Home string

// Message is the content of one message.
type Message struct {
	Blocks []slackapi.Block
	Text   string // for notifications, in escaped mrkdwn
}

// Remark appends a line of mrkdwn in small print.
func (m *Message) Remark(text string) {
	m.Blocks = append(m.Blocks, slackapi.NewContextBlock("", mrkdwnObject(text)))
}

// renderer renders one card as messages.
type renderer struct {
	home     Home
	seed     string // the prefix of all block ids
	finished []Message
	ids      int              // how many ids of blocks and buttons were assigned
	words    *strings.Builder // collects the text of all blocks; nil if it isn't needed

	// The current message:
	message Message
	runes   int // visible characters, approximately
	size    int // characters of its blocks as JSON
}

// Messages renders a card as one or more messages, with its buttons in the last one. seed is the prefix of the block
// ids. Slack requires new block ids when a message is edited, so each edit needs another seed.
func (h Home) Messages(c view.Card, seed string) []Message {
	messages := h.render(c.Blocks, c.Buttons, seed)
	if len(messages) == 0 {
		return []Message{{}}
	}
	return messages
}

// FirstMessage renders a card as one message. It leaves out what doesn't fit.
func (h Home) FirstMessage(c view.Card, seed string) Message { return h.Messages(c, seed)[0] }

// Words renders a card as mrkdwn, without its buttons, for messages that can't have blocks, such as those with files.
func (h Home) Words(c view.Card) string {
	r := &renderer{home: h, words: &strings.Builder{}}
	r.renderBlocks(c.Blocks)
	return cutMarkup(strings.TrimSpace(r.words.String()), maxWordsRunes)
}

// render renders blocks, and buttons below them.
func (h Home) render(blocks []view.Block, buttons []view.Button, seed string) []Message {
	r := &renderer{home: h, seed: seed}
	r.renderBlocks(blocks)
	r.addButtons(buttons)
	r.finishMessage()
	return r.finished
}

func (r *renderer) nextID() int {
	r.ids++
	return r.ids
}

func (r *renderer) nextBlockID() string { return fmt.Sprintf("%s-%d", r.seed, r.nextID()) }

// finishMessage finishes the current message and begins an empty one.
func (r *renderer) finishMessage() {
	if len(r.message.Blocks) > 0 {
		r.message.Text = cutMarkup(strings.TrimSpace(r.message.Text), maxNoticeRunes)
		r.finished = append(r.finished, r.message)
	}
	r.message = Message{}
	r.runes = 0
	r.size = 0
}

// cutMarkup truncates text in mrkdwn, Slack's markup. It doesn't cut through a token (<@U1>) or an entity (&amp;).
func cutMarkup(s string, maxRunes int) string {
	head := markdown.Cut(s, maxRunes)
	if len(head) == len(s) {
		return s
	}
	head = trimUnclosed(head, '<', '>')
	head = trimUnclosed(head, '&', ';')
	return head + "…"
}

// trimUnclosed cuts s before the last opening character if no closing character follows it.
func trimUnclosed(s string, opening, closing byte) string {
	at := strings.LastIndexByte(s, opening)
	if at > strings.LastIndexByte(s, closing) {
		return s[:at]
	}
	return s
}

// addBlock adds a block to the current message, or to a new one if it doesn't fit. text is the block's contribution to
// the text of notifications, and runes is the number of its visible characters.
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

// addText adds a block that shows text, which is mrkdwn.
func (r *renderer) addText(b slackapi.Block, text string) {
	r.addBlock(b, text, utf8.RuneCountInString(text))
}

// sizeOf returns the number of characters of a block as JSON.
func sizeOf(b slackapi.Block) int {
	raw, err := json.Marshal(b)
	if err != nil { // sending the block will fail, too
		return 0
	}
	return utf8.RuneCount(raw)
}

// hasRoom reports whether a block fits into the current message. The first block always does.
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

// renderPieces renders a line of pieces as mrkdwn. A line that is too long for a section loses whole pieces at its
// end, because a cut inside a piece could break its markup.
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

// orBlank returns a space for an empty text, because Slack refuses empty texts.
func orBlank(text string) string { return cmp.Or(text, " ") }

// renderBody renders Markdown as rich text. A long text becomes several blocks.
func (r *renderer) renderBody(b view.Block) {
	parts := markdown.Parts(b.Text)
	if b.Kind == view.BlockQuote {
		for i := range parts {
			if parts[i].Kind != markdown.Code { // a quotation in Slack can't contain a code block
				parts[i] = markdown.Part{Kind: markdown.Quote, Runs: runsInQuote(parts[i])}
			}
		}
	}
	for _, page := range splitPages(parts) {
		text := markdown.Plain(page)
		r.addBlock(richText(r.nextBlockID(), page), escape(text), utf8.RuneCountInString(text))
	}
}

// runsInQuote returns the runs of a quoted part. A list item gets its bullet or number as text, because a quotation in
// Slack can't contain a list.
func runsInQuote(p markdown.Part) []markdown.Run {
	if p.Kind != markdown.Item {
		return p.Runs
	}
	indent := strings.Repeat("  ", p.Indent)
	return append([]markdown.Run{{Text: indent + p.Bullet() + " "}}, p.Runs...)
}

// renderItem renders an entry of a list. A single button is drawn next to the entry, and several as an overflow menu.
// Buttons that can't be in a menu are drawn below the entry.
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

// overflowMenu returns a menu of buttons. It returns nil if they don't fit into one, if one of them asks for
// confirmation, which Slack doesn't support for single entries of a menu, or if they are to be in rows of their own.
func (r *renderer) overflowMenu(buttons []view.Button) *slackapi.OverflowBlockElement {
	if len(buttons) < 2 || len(buttons) > maxOverflow {
		return nil
	}
	options := make([]*slackapi.OptionBlockObject, 0, len(buttons))
	for _, b := range buttons {
		value := optionValue(b)
		if len(value) > maxOverflowValue || b.Confirm != "" || b.Apart {
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

// makeButton returns a button. Its action id has the verb, which is the name of what the button does, such as
// "snooze", and what the button opens. Its value has the arguments. ReadClick reads all of them when it is clicked.
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

// optionValue returns the value of a menu entry. It combines what a button has in its action id and its value.
func optionValue(b view.Button) string { return string(b.Verb) + "|" + string(b.Opens) + "|" + b.Value }

func makeSection(id, text string, accessory *slackapi.Accessory) *slackapi.SectionBlock {
	return slackapi.NewSectionBlock(mrkdwnObject(text), nil, accessory, slackapi.SectionBlockOptionBlockID(id))
}

// mrkdwnObject returns a text object with mrkdwn, in which Slack doesn't turn plain URLs and names into links.
func mrkdwnObject(text string) *slackapi.TextBlockObject {
	const emoji, verbatim = false, true
	return slackapi.NewTextBlockObject(slackapi.MarkdownType, text, emoji, verbatim)
}

// plainObject returns a text object without markup.
func plainObject(text string) *slackapi.TextBlockObject {
	const emoji, verbatim = false, false
	return slackapi.NewTextBlockObject(slackapi.PlainTextType, orBlank(text), emoji, verbatim)
}

// cutObject is like plainObject, but truncates the text.
func cutObject(text string, maxRunes int) *slackapi.TextBlockObject {
	return plainObject(markdown.Cut(text, maxRunes))
}
