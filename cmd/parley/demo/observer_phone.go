package demo

import (
	"cmp"
	"time"
)

// observePhones reads the chats on the customers' phones. It records each line that a customer wrote as a sent message,
// which should arrive in Slack or Teams, and each line from the company as an observation, which is evidence that an
// agent's reply arrived. Caller holds o.mu.
func (o *Observer) observePhones(now time.Time) {
	phones := o.company.Phones()
	if phones == nil {
		return
	}

	for address, h := range phones.All() {
		for _, kind := range Kinds() {
			c, err := h.Chat(kind)
			if err != nil {
				continue
			}

			for _, l := range c.Lines() {
				o.recordPhoneLine(address+" "+kind, kind, h, l, now)
			}
		}
	}
}

// recordPhoneLine records one line of a chat. box identifies the customer and the chat: "dana@cole.test whatsapp".
// Caller holds o.mu.
func (o *Observer) recordPhoneLine(box, kind string, h *Handset, l Line, now time.Time) {
	text, files := l.Text, 0
	if l.File != nil {
		text, files = cmp.Or(l.Text, l.File.Name), 1
	}
	if l.Automatic || l.Elsewhere { // it didn't come through Parley
		return
	}

	if l.Mine {
		name, alias := h.Who()
		if kind == Messenger {
			alias = h.ByPage().ID()
		}

		o.recordSent(SentMessage{
			Key:         "<" + l.ID + ">",
			Direction:   Inbound,
			Author:      name,
			AuthorAlias: alias,
			Recipient:   CompanyAt(kind),
			SentAt:      l.At,
			Text:        cmp.Or(Unquoted(text), text),
			Mailbox:     box,
			Files:       files,
			FilesOnly:   l.Text == "" && files > 0,
		}, now)
	} else {
		o.recordObserved(Observation{
			Key:       box + "/" + l.ID,
			Direction: Outbound,
			At:        l.At,
			Mailbox:   box,
			Wording:   WordingOf(text),
		})
	}
}
