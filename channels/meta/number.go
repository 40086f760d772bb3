package meta

import (
	"time"

	"parley/channels"
)

// Limits of the Cloud API.
const (
	maxTextRunes   = 4096
	maxCaption     = 1024 // characters
	maxButtons     = 3    // also of a button template or a card of Messenger's
	maxListRows    = 10
	pairPace       = 6 * time.Second // between two messages to the same customer
	numberRate     = 80              // messages per second of one number
	requestTimeout = 2 * time.Minute // of one Send, including the upload of a large file
	retryFor       = 24 * time.Hour  // how long a message is retried after failures of class Retry
)

// Number connects Parley to one WhatsApp number: it receives webhooks (hook) and sends messages (Send). Spec
// creates it.
type Number struct {
	account

	waba string // Meta's id of the number's WhatsApp business account
}

var (
	_ channels.Channel   = (*Number)(nil)
	_ channels.Webhook   = (*Number)(nil)
	_ channels.Checker   = (*Number)(nil)
	_ channels.Fetcher   = (*Number)(nil)
	_ channels.Attendant = (*Number)(nil)
	_ channels.Starter   = (*Number)(nil)
	_ channels.Templater = (*Number)(nil)
	_ channels.Measurer  = (*Number)(nil)
)

// Capabilities implements channels.Channel. Customers can edit and delete messages, and react to them; our
// own messages can't be changed.
func (c *Number) Capabilities() channels.Capabilities {
	return channels.Capabilities{
		RichText:  channels.Partial,
		Reactions: channels.Partial,
		Receipts:  channels.Receipts{Read: channels.Full, Delivered: channels.Full},
		Window:    channels.ReplyWindow{Free: replyWindow},
		Start:     channels.StartTemplate,
		Templates: true,
		ReplyTo:   channels.Full,
		Files:     fileRules(),
		Rich: channels.RichLimits{
			Buttons:     maxButtons,
			LinksAlone:  1,
			ListRows:    maxListRows,
			Location:    channels.Full,
			ContactCard: channels.Full,
		},
		Sending: channels.Sending{
			ReplyEvery: pairPace,
			RetryFor:   retryFor,
			Timeout:    requestTimeout,
			Rate:       numberRate,
		},
		MaxTextRunes: maxTextRunes,
		Hold:         channels.HoldChat,
	}
}
