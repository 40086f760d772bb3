package twilio

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/channels"
	"parley/channels/fence"
)

// Limits of Twilio, and waits of ours.
const (
	maxBody        = 1600 // characters of a message
	requestTimeout = 30 * time.Second
	retryFor       = 24 * time.Hour
	replyWindow    = 24 * time.Hour
	rememberedSids = 2000
)

// Channel is one number at Twilio; WhatsApp and SMS add what only they can do.
type Channel struct {
	set      settings
	env      channels.Env
	opts     Options
	log      *slog.Logger
	account  int64
	beginsAt time.Time // when the account was set up; zero = not known
	whatsapp bool
	api      string // base URL of the 2010 API
	content  string // base URL of the Content API
	typing   string // base URL of the Messaging API
	http     *http.Client
	gather   int          // messages of a list held in memory at once
	warned   atomic.Int64 // when a refused webhook was last logged, Unix seconds

	mu   sync.Mutex
	sent map[string]int64 // the deliveries of message ids that Send got
	ring []string         // the same ids in order, so that the oldest can be forgotten
}

// WhatsApp is a WhatsApp sender at Twilio. Make it with WhatsAppSpec.
type WhatsApp struct{ *Channel }

// SMS is a number for text messages. Make it with SMSSpec.
type SMS struct{ *Channel }

var (
	_ channels.Channel   = (*Channel)(nil)
	_ channels.Runner    = (*Channel)(nil)
	_ channels.Webhook   = (*Channel)(nil)
	_ channels.Checker   = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
	_ channels.Starter   = (*Channel)(nil)
	_ channels.Templater = (*WhatsApp)(nil)
	_ channels.Attendant = (*WhatsApp)(nil)
	_ channels.Counter   = (*SMS)(nil)
)

// newChannel makes the channel of one number. It opens no connection.
// Errors: every fault of the settings; no token keys, no clock.
func newChannel(a channels.Account, env channels.Env, o Options, whatsapp bool) (*Channel, error) {
	set, err := newSettings(a.Config, whatsapp)
	switch {
	case err != nil:
		return nil, err
	case len(env.Keys) == 0:
		return nil, errors.New("twilio: no key to sign callback tokens with")
	case env.Now == nil:
		return nil, errors.New("twilio: no clock")
	}
	if env.Report == nil {
		env.Report = func(channels.Condition) {}
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	env.HookURL, _, _ = strings.Cut(env.HookURL, "#")
	o.Poll, o.Settle, o.Watch = cmp.Or(o.Poll, 5*time.Minute), cmp.Or(o.Settle, 30*time.Second), cmp.Or(o.Watch, 15*time.Minute)
	c := &Channel{set: set, env: env, opts: o, log: env.Log, account: a.ID, beginsAt: a.BeginsAt, whatsapp: whatsapp, gather: maxGathered, sent: map[string]int64{}}
	given := strings.TrimRight(env.APIURL, "/")
	c.api = cmp.Or(given, "https://api.twilio.com")
	c.content = cmp.Or(given, "https://content.twilio.com")
	c.typing = cmp.Or(given, "https://messaging.twilio.com")
	c.http = fence.NewClient(fence.Options{Dialer: env.Dialer})
	return c, nil
}

// Capabilities implements channels.Channel.
// Source: Twilio's WhatsApp and MMS pages on media, and Content types.
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{Delivered: channels.Full, MaxTextRunes: maxBody,
		RetryFor: retryFor, RequestTimeout: requestTimeout, Hold: channels.HoldChat}
	if c.whatsapp {
		caps.RichText, caps.ReadReceipts = channels.Partial, channels.Full
		caps.ReplyWindow, caps.Start, caps.Templates = replyWindow, channels.StartTemplate, true
		caps.Captions, caps.Location, caps.Buttons, caps.ListRows = channels.Partial, channels.Full, maxButtons, maxRows
		caps.AttachmentsPerMessage, caps.MaxAttachmentBytes = 1, 16<<20
		caps.FileLimits = channels.FileLimits{channels.FileImage: 5 << 20, channels.FileVideo: 16 << 20,
			channels.FileAudio: 16 << 20, channels.FileDocument: 16 << 20}
		caps.Rate = 80
		return c.withoutAddress(caps)
	}
	caps.Start = channels.StartFree
	if c.set.mms {
		caps.AttachmentsPerMessage, caps.MaxAttachmentBytes, caps.Captions = 10, 5<<20, channels.Full
		caps.FileLimits = channels.FileLimits{channels.FileImage: 5 << 20, channels.FileVideo: 500 << 10,
			channels.FileAudio: 500 << 10, channels.FileDocument: 500 << 10}
	}
	return c.withoutAddress(caps)
}

// withoutAddress removes files from caps if Parley has no public address, from which Twilio fetches them.
func (c *Channel) withoutAddress(caps channels.Capabilities) channels.Capabilities {
	if c.env.HookURL == "" && caps.AttachmentsPerMessage > 0 {
		caps.AttachmentsPerMessage = 0
		caps.NoFiles = "Files can't be sent: Twilio fetches them from Parley, which has no public address (PARLEY_PUBLIC_URL)."
	}
	return caps
}

// remember keeps the id of a sent message, so that Reconcile doesn't take it for another delivery's.
func (c *Channel) remember(sid string, delivery int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.sent[sid]; known || sid == "" {
		return
	}
	c.sent[sid] = delivery
	if c.ring = append(c.ring, sid); len(c.ring) > rememberedSids {
		delete(c.sent, c.ring[0])
		c.ring = c.ring[1:]
	}
}

// sentFor returns the delivery of a message; false if this process didn't send it or has forgotten it.
func (c *Channel) sentFor(sid string) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.sent[sid]
	return d, ok
}
