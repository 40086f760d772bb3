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
	replyWindow    = 24 * time.Hour // how long after a customer's message free text may be sent
	maxTextRunes   = 4096
	maxCaption     = 1024 // characters
	maxButtons     = 3
	maxListRows    = 10
	pairPace       = 6 * time.Second // between two messages to the same customer
	numberRate     = 80              // messages a second of one number
	requestTimeout = 2 * time.Minute // of one Send, a big upload included
	retryFor       = 24 * time.Hour  // how long a message that failed with Retry is tried again
	maxUploads     = 4               // files of one number that are handed up at a time
)

// Channel is one number. Make it with Spec.
type Channel struct {
	phone, waba string // Meta's ids of the number and of its WhatsApp business account
	env         channels.Env
	log         *slog.Logger
	graph       *graph.Client
	hook        *graph.Hook   // takes webhooks
	uploads     chan struct{} // holds a token for each upload that is under way
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

// Capabilities says what WhatsApp can carry. Edit, Delete and Reactions are about customers' actions: our own
// messages can't be changed.
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
