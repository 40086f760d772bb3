package blockkit

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"parley/bot/view"
	"parley/channels/markdown"
)

// MaxTextRunes is how many characters of text one message holds; longer text continues in further ones.
const MaxTextRunes = 3500

// Limits of Block Kit.
// Source: docs.slack.dev/reference/block-kit, read 2026-11.
const (
	sectionRunes  = 2900
	buttonRunes   = 75
	actionsMost   = 25
	overflowMost  = 5
	overflowBytes = 75
	messageBlocks = 45
	messageSize   = 11500 // characters of all blocks as JSON
	noticeRunes   = 600   // of the text that notifications show
)

// Home is the workspace's address, as auth.test tells it, for links to messages. Where it is "", links lead
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

// renderer lays a card out in messages; most need one.
type renderer struct {
	home  Home
	seed  string // makes block ids new on each update
	done  []Message
	cur   Message
	runes int
	size  int // of the blocks as JSON
	count int // of blocks and buttons, for their ids
}

// Messages lays a card out, in one message at least. A long card continues in further messages; buttons come
// last. seed begins the ids of blocks, which must differ from those of the message's version before.
func (h Home) Messages(c view.Card, seed string) []Message {
	r := &renderer{home: h, seed: seed}
	for _, b := range c.Blocks {
		r.block(b)
	}
	r.buttons(c.Buttons)
	r.end()
	if len(r.done) == 0 {
		r.done = []Message{{}}
	}
	return r.done
}

// FirstMessage lays out a card that fits one message. What doesn't fit is left out.
func (h Home) FirstMessage(c view.Card, seed string) Message { return h.Messages(c, seed)[0] }

func (r *renderer) id() string {
	r.count++
	return fmt.Sprintf("%s-%d", r.seed, r.count)
}

func (r *renderer) end() {
	if len(r.cur.Blocks) > 0 {
		r.cur.Text = cutMarkup(strings.TrimSpace(r.cur.Text), noticeRunes)
		r.done = append(r.done, r.cur)
	}
	r.cur, r.runes, r.size = Message{}, 0, 0
}

// cutMarkup cuts mrkdwn without leaving half a token or entity at its end.
func cutMarkup(s string, n int) string {
	head := markdown.Cut(s, n)
	if len(head) == len(s) {
		return s
	}
	if at := strings.LastIndexByte(head, '<'); at > strings.LastIndexByte(head, '>') {
		head = head[:at]
	}
	if at := strings.LastIndexByte(head, '&'); at > strings.LastIndexByte(head, ';') {
		head = head[:at]
	}
	return head + "…"
}

// put adds a block with about so many runes of text. If it doesn't fit, it begins a new message.
func (r *renderer) put(b slackapi.Block, text string, runes int) {
	size := 0
	if raw, err := json.Marshal(b); err == nil {
		size = utf8.RuneCount(raw)
	}
	if len(r.cur.Blocks) > 0 && (r.runes+runes > pageRunes+300 || r.size+size > messageSize || len(r.cur.Blocks) >= messageBlocks) {
		r.end()
	}
	r.cur.Blocks = append(r.cur.Blocks, b)
	r.runes += runes
	r.size += size
	if text != "" {
		r.cur.Text += text + "\n"
	}
}

func (r *renderer) block(b view.Block) {
	switch b.Kind {
	case view.BlockBody, view.BlockQuote:
		r.body(b)
	case view.BlockSmall:
		text := r.line(b.Pieces)
		r.put(slackapi.NewContextBlock(r.id(), mrkdwnObject(text)), text, utf8.RuneCountInString(text))
	case view.BlockItem:
		r.item(b)
	case view.BlockLine:
		text := r.line(b.Pieces)
		r.put(section(r.id(), text, nil), text, utf8.RuneCountInString(text))
	}
}

// line renders pieces within a section's limit. Pieces beyond it are left out whole, since a cut could
// break their syntax.
func (r *renderer) line(pieces []view.Piece) string {
	var b strings.Builder
	n := 0
	for _, p := range pieces {
		p.Text = markdown.Cut(p.Text, 500)
		s := r.home.piece(p)
		n += utf8.RuneCountInString(s)
		if n > sectionRunes {
			b.WriteString(" …")
			break
		}
		b.WriteString(s)
	}
	if b.Len() == 0 {
		return " "
	}
	return b.String()
}

func (r *renderer) body(b view.Block) {
	parts := markdown.Parts(b.Text)
	if b.Kind == view.BlockQuote {
		for i := range parts {
			if parts[i].Kind != markdown.Code {
				parts[i] = markdown.Part{Kind: markdown.Quote, Runs: quoteRuns(parts[i])}
			}
		}
	}
	for _, page := range paginate(parts) {
		text := markdown.Plain(page)
		r.put(richText(r.id(), page), escape(text), utf8.RuneCountInString(text))
	}
}

// quoteRuns writes the mark of a list item as text, because a quotation has no lists.
func quoteRuns(p markdown.Part) []markdown.Run {
	if p.Kind != markdown.Item {
		return p.Runs
	}
	mark := "• "
	if p.Ordered {
		mark = fmt.Sprintf("%d. ", p.Number)
	}
	return append([]markdown.Run{{Text: strings.Repeat("  ", p.Indent) + mark}}, p.Runs...)
}

func (r *renderer) item(b view.Block) {
	text := r.line(b.Pieces)
	runes := utf8.RuneCountInString(text)
	if menu := r.overflow(b.Buttons); menu != nil {
		r.put(section(r.id(), text, slackapi.NewAccessory(menu)), text, runes)
		return
	}
	if len(b.Buttons) == 1 {
		r.put(section(r.id(), text, slackapi.NewAccessory(r.button(b.Buttons[0]))), text, runes)
		return
	}
	r.put(section(r.id(), text, nil), text, runes)
	r.buttons(b.Buttons)
}

// overflow makes a menu of buttons; nil if they don't fit into one or one of them asks first.
func (r *renderer) overflow(buttons []view.Button) *slackapi.OverflowBlockElement {
	if len(buttons) < 2 || len(buttons) > overflowMost {
		return nil
	}
	options := make([]*slackapi.OptionBlockObject, 0, len(buttons))
	for _, b := range buttons {
		value := optionValue(b)
		if len(value) > overflowBytes || b.Confirm != "" {
			return nil
		}
		options = append(options, slackapi.NewOptionBlockObject(value, plainObject(markdown.Cut(b.Label, buttonRunes)), nil))
	}
	return slackapi.NewOverflowBlockElement("menu:"+r.id(), options...)
}

func (r *renderer) buttons(buttons []view.Button) {
	for _, row := range view.Rows(buttons, actionsMost) {
		elements := make([]slackapi.BlockElement, 0, len(row))
		for _, b := range row {
			elements = append(elements, r.button(b))
		}
		r.put(slackapi.NewActionBlock(r.id(), elements...), "", 0)
	}
}

// button makes a button with its verb in the action id and its arguments in the value. Both come back
// from a client, so they are only claims.
func (r *renderer) button(b view.Button) *slackapi.ButtonBlockElement {
	r.count++
	id := fmt.Sprintf("b:%s:%s:%d", b.Verb, b.Opens, r.count)
	e := slackapi.NewButtonBlockElement(id, b.Value, plainObject(markdown.Cut(b.Label, buttonRunes)))
	switch b.Style {
	case view.StylePrimary:
		e.WithStyle(slackapi.StylePrimary)
	case view.StyleDanger:
		e.WithStyle(slackapi.StyleDanger)
	case view.StylePlain:
	}
	if b.Confirm != "" {
		e.WithConfirm(slackapi.NewConfirmationBlockObject(plainObject(markdown.Cut(b.Label, 100)), plainObject(markdown.Cut(b.Confirm, 300)),
			plainObject(markdown.Cut(b.Label, 30)), plainObject("Cancel")))
	}
	return e
}

// optionValue packs a button's verb, what it opens and its arguments into one value of a menu.
func optionValue(b view.Button) string {
	return string(b.Verb) + "|" + string(b.Opens) + "|" + b.Value
}

func section(id, text string, accessory *slackapi.Accessory) *slackapi.SectionBlock {
	return slackapi.NewSectionBlock(mrkdwnObject(text), nil, accessory, slackapi.SectionBlockOptionBlockID(id))
}

// mrkdwnObject makes a text in which Slack makes no links of plain addresses or names.
func mrkdwnObject(text string) *slackapi.TextBlockObject {
	return slackapi.NewTextBlockObject(slackapi.MarkdownType, text, false, true)
}

func plainObject(text string) *slackapi.TextBlockObject {
	if text == "" {
		text = " "
	}
	return slackapi.NewTextBlockObject(slackapi.PlainTextType, text, false, false)
}
