package whatsapp

import (
	"log/slog"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// Limits of the Cloud API.
const (
	replyWindow    = 24 * time.Hour // how long after a customer's message a reply without a template may be sent
	maxTextRunes   = 4096
	maxCaption     = 1024 // characters
	maxButtons     = 3
	maxListRows    = 10
	pairPace       = 6 * time.Second // between two messages to the same customer
	numberRate     = 80              // messages per second of one number
	requestTimeout = 2 * time.Minute // of one Send, including the upload of a large file
	retryFor       = 24 * time.Hour  // how long a message is retried after failures of class Retry
	maxUploads     = 4               // concurrent uploads of one number
)

// Channel connects Parley to one WhatsApp number: it receives webhooks (hook) and sends messages (Send). Spec
// creates it.
type Channel struct {
	phone, waba string // Meta's ids of the number and of its WhatsApp business account
	env         channels.Env
	log         *slog.Logger
	graph       *graph.Client
	hook        *graph.Hook   // receives webhooks
	uploads     chan struct{} // a semaphore: an element for each upload in progress
}

var (
	_ channels.Channel   = (*Channel)(nil)
	_ channels.Webhook   = (*Channel)(nil)
	_ channels.Checker   = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
	_ channels.Attendant = (*Channel)(nil)
	_ channels.Starter   = (*Channel)(nil)
	_ channels.Templater = (*Channel)(nil)
	_ channels.Measurer  = (*Channel)(nil)
)

// Capabilities implements channels.Channel. Customers can edit and delete messages, and react to them; our
// own messages can't be changed.
func (c *Channel) Capabilities() channels.Capabilities {
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

// ServeHTTP implements channels.Webhook.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.hook.ServeHTTP(w, r) }
