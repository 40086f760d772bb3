package twilio

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"parley/channels"
)

// Limits of Twilio, and waits of ours.
const (
	maxBody        = 1600 // characters of a message
	maxCaption     = 1024 // of a text beside a picture or a film by WhatsApp
	maxButtons     = 3    // on WhatsApp, inside the reply window
	maxRows        = 10   // of a list there
	requestTimeout = 30 * time.Second
	retryFor       = 24 * time.Hour // how long a message that failed with Retry is tried again
	replyWindow    = 24 * time.Hour // WhatsApp: how long after a customer's message free text may be sent
	whatsappRate   = 80             // messages a second, Twilio's default for a WhatsApp sender

	defaultPoll   = 5 * time.Minute // see Options
	defaultSettle = 30 * time.Second
	defaultWatch  = 15 * time.Minute
)

// Limits of files, in bytes.
// Source: Twilio's WhatsApp and MMS pages on media.
const (
	maxImage       = 5 << 20   // on both media
	maxWhatsApp    = 16 << 20  // every other file on WhatsApp
	maxMMS         = 5 << 20   // all files of one MMS together
	maxCarrierFile = 500 << 10 // MMS: what isn't a picture; Twilio doesn't make it smaller, and carriers refuse more
	maxMMSFiles    = 10
)

// Channel is one number at Twilio. WhatsApp and SMS add what only they can do.
type Channel struct {
	number    *ownNumber
	env       channels.Env
	opts      Options
	log       *slog.Logger
	beginsAt  time.Time // when the account was set up; zero if that isn't known
	api       *client
	catalogue catalogue     // the templates at Twilio
	callbacks *callbacks    // the addresses that Twilio calls, and the proofs that it was Twilio
	hook      *webhook      // takes those calls
	reader    *reader       // decodes what was stored of them
	sent      *sentMessages // what this process has sent

	maxKept     int                                       // defaultMaxKept, or less in tests
	maxStatuses int                                       // defaultMaxStatuses, or less in tests
	pauseFor    func(context.Context, time.Duration) bool // pause.For, between the looks of Run; tests replace it
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
	_ channels.Measurer  = (*Channel)(nil)
	_ channels.Templater = (*WhatsApp)(nil)
	_ channels.Attendant = (*WhatsApp)(nil)
	_ channels.Counter   = (*SMS)(nil)
)

// Decode implements channels.Channel.
// Errors: what is not a payload of this channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) { return c.reader.decode(raw) }

// ServeHTTP implements channels.Webhook.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.hook.ServeHTTP(w, r) }

// Fetch implements channels.Fetcher.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	return c.api.fetchFile(ctx, ref)
}

// Capabilities implements channels.Channel.
// Source: Twilio's WhatsApp and MMS pages on media, and Content types.
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{
		Receipts:     channels.Receipts{Delivered: channels.Full},
		MaxTextRunes: maxBody,
		Sending:      channels.Sending{RetryFor: retryFor, Timeout: requestTimeout},
		Hold:         channels.HoldChat,
	}

	if c.number.whatsapp {
		addWhatsApp(&caps)
	} else {
		caps.Start = channels.StartFree
	}
	if c.number.mms {
		caps.Files = mmsFiles()
	}

	if c.callbacks.address == "" && caps.Files.PerMessage > 0 {
		caps.Files.PerMessage = 0
		caps.Files.Unavailable = "Files can't be sent: Twilio fetches them from Parley, which has no public address (PARLEY_PUBLIC_URL)."
	}

	return caps
}

// addWhatsApp adds what a WhatsApp sender can do.
func addWhatsApp(caps *channels.Capabilities) {
	caps.RichText = channels.Partial
	caps.Receipts.Read = channels.Full
	caps.Window.Free = replyWindow
	caps.Start = channels.StartTemplate
	caps.Templates = true
	caps.Rich.Location = channels.Full
	caps.Rich.Buttons = maxButtons
	caps.Rich.ListRows = maxRows
	caps.Sending.Rate = whatsappRate
	caps.Files = channels.FileRules{
		PerMessage: 1,
		Captions:   channels.Partial,
		MaxBytes:   maxWhatsApp,
		Types:      whatsAppTypes(),
		Limits: channels.FileLimits{
			channels.FileImage:    maxImage,
			channels.FileVideo:    maxWhatsApp,
			channels.FileAudio:    maxWhatsApp,
			channels.FileDocument: maxWhatsApp,
		},
	}
}

// mmsFiles returns the rules for files of a number that sends MMS.
func mmsFiles() channels.FileRules {
	return channels.FileRules{
		PerMessage: maxMMSFiles,
		Captions:   channels.Full,
		MaxBytes:   maxMMS,
		Types:      mmsTypes(),
		Limits: channels.FileLimits{
			channels.FileImage:    maxImage,
			channels.FileVideo:    maxCarrierFile,
			channels.FileAudio:    maxCarrierFile,
			channels.FileDocument: maxCarrierFile,
		},
	}
}

// Recipient implements channels.Starter. A number without a country code gets that of our own number.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	return readNumber(typed, c.number.from, c.number.whatsapp)
}
